import { ManualClock } from "@kinglet/lifecycle";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rawRequest, type RawAnswer } from "../../test/raw-request.ts";
import { openKubeSim, type KubeSim } from "../index.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const REVIEWS = "/apis/authorization.k8s.io/v1";

type Answer = RawAnswer;

describe("AccessControl", () => {
  let sim: KubeSim;
  beforeEach(async () => {
    sim = await openKubeSim({
      tokens: {
        "tok-ann": { name: "ann", groups: ["dev"], uid: "u-ann" },
        "tok-bob": { name: "bob", groups: [] },
      },
    });
  });
  afterEach(() => sim.stop());

  const as = (
    token: string,
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer> =>
    rawRequest(sim, method, path, {
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  const bind = (role: string, subject: object, namespace = "default"): void => {
    const name = `bind-${role.replaceAll(":", "-")}`;
    sim.apply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name, namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
      subjects: [subject],
    });
  };
  const user = (name: string): object => ({ kind: "User", apiGroup: "rbac.authorization.k8s.io", name });

  it("enforces roles as soon as a token names groups, and starts with the roles of every cluster [sim 10]", async () => {
    expect((await as("tok-ann", "GET", "/api/v1/namespaces/default/pods")).status).toBe(403);
    expect((await as("tok-ann", "GET", "/apis")).status).toBe(200);
    expect(sim.list("clusterroles.rbac.authorization.k8s.io").map((role) => role.metadata.name)).toContain(
      "cluster-admin",
    );
    expect(sim.list("clusterroles.rbac.authorization.k8s.io")).toHaveLength(69);
    expect(sim.list("clusterrolebindings.rbac.authorization.k8s.io")).toHaveLength(50);
    expect((await as(sim.token, "GET", "/api/v1/secrets")).status).toBe(200);
  });

  it("lets known users do everything when nothing is to be enforced", async () => {
    await using open = await openKubeSim({ tokens: { t: { name: "ann" } } });
    expect((await rawRequest(open, "GET", "/api/v1/pods", { headers: { authorization: "Bearer t" } })).status).toBe(
      200,
    );
    expect(open.list("clusterroles.rbac.authorization.k8s.io")).toEqual([]);
    await using closed = await openKubeSim({ authorization: "rbac", tokens: { t: { name: "ann" } } });
    expect((await rawRequest(closed, "GET", "/api/v1/pods", { headers: { authorization: "Bearer t" } })).status).toBe(
      403,
    );
  });

  it("gives an aggregated role the rules of all roles that its selectors take, at once", async () => {
    bind("view", user("ann"));
    expect((await as("tok-ann", "GET", "/api/v1/namespaces/default/pods")).status).toBe(200);
    expect((await as("tok-ann", "GET", "/api/v1/namespaces/default/secrets")).status).toBe(403);
    const widgets = "/apis/example.dev/v1/namespaces/default/widgets";
    expect((await as("tok-ann", "GET", widgets)).status).toBe(403);
    sim.apply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "widgets", labels: { "rbac.authorization.k8s.io/aggregate-to-view": "true" } },
      rules: [{ apiGroups: ["example.dev"], resources: ["widgets"], verbs: ["list"] }],
    });
    expect((await as("tok-ann", "GET", widgets)).status).toBe(404);
  });

  it("judges a list narrowed down to one name as that object, and a namespace as being inside itself", async () => {
    sim.apply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "one" },
      rules: [
        { apiGroups: [""], resources: ["secrets"], resourceNames: ["mine"], verbs: ["list", "watch"] },
        { apiGroups: [""], resources: ["namespaces"], verbs: ["get"] },
      ],
    });
    bind("one", user("ann"));
    const secrets = "/api/v1/namespaces/default/secrets";
    expect((await as("tok-ann", "GET", `${secrets}?fieldSelector=metadata.name%3Dmine`)).status).toBe(200);
    expect((await as("tok-ann", "GET", secrets)).status).toBe(403);
    expect((await as("tok-ann", "GET", "/api/v1/namespaces/default")).status).toBe(200);
    const other = await as("tok-ann", "GET", "/api/v1/namespaces/kube-system");
    expect(other.body["message"]).toBe(
      'namespaces "kube-system" is forbidden: User "ann" cannot get resource "namespaces" in API group "" in the namespace "kube-system"',
    );
  });

  it("lets nobody grant what he does not have", async () => {
    bind("admin", user("ann"));
    const role = (rules: object[]): object => ({ metadata: { name: "r" }, rules });
    const roles = `${RBAC}/namespaces/default/roles`;
    const refused = await as(
      "tok-ann",
      "POST",
      roles,
      role([{ apiGroups: [""], resources: ["nodes"], verbs: ["get", "list"] }]),
    );
    // The role admin may not write roles' escalate, and its own rules cover no nodes.
    expect(refused.status).toBe(403);
    expect(refused.body["message"]).toBe(
      'roles.rbac.authorization.k8s.io "r" is forbidden: user "ann" (groups=["dev" "system:authenticated"]) is attempting to grant ' +
        'RBAC permissions not currently held:\n{APIGroups:[""], Resources:["nodes"], Verbs:["get" "list"]}',
    );
    expect(
      (await as("tok-ann", "POST", roles, role([{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }]))).status,
    ).toBe(201);
    const binding = (name: string): object => ({
      metadata: { name: "b" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ kind: "Group", name: "dev" }],
    });
    const bindings = `${RBAC}/namespaces/default/rolebindings`;
    expect((await as("tok-ann", "POST", bindings, binding("cluster-admin"))).status).toBe(403);
    expect((await as("tok-ann", "POST", bindings, binding("nothing"))).body["message"]).toBe(
      'rolebindings.rbac.authorization.k8s.io "nothing" not found',
    );
    const made = await as("tok-ann", "POST", bindings, binding("edit"));
    expect([made.status, made.body["subjects"]]).toEqual([
      201,
      [{ kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "dev" }],
    ]);
  });

  it("checks each part of an impersonation, and acts as the impersonated user then", async () => {
    const secrets = "/api/v1/namespaces/default/secrets";
    const refused = await as("tok-ann", "GET", secrets, undefined, { "impersonate-user": "bob" });
    expect(refused.body["message"]).toContain("cannot impersonate-on:user-info:list resource");
    sim.apply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "act-as" },
      rules: [{ apiGroups: [""], resources: ["users"], resourceNames: ["bob"], verbs: ["impersonate"] }],
    });
    sim.apply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "act-as" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "act-as" },
      subjects: [user("ann")],
    });
    const acting = await as("tok-ann", "GET", secrets, undefined, { "impersonate-user": "bob" });
    expect(acting.body["message"]).toContain('User "bob" cannot list resource "secrets"');
    const groups = await as("tok-ann", "GET", secrets, undefined, {
      "impersonate-user": "bob",
      "impersonate-group": "ops",
    });
    expect(groups.body["message"]).toContain('User "ann"');
    const nobody = await as("tok-ann", "GET", secrets, undefined, { "impersonate-group": "ops" });
    expect([nobody.status, nobody.body["reason"]]).toEqual([400, "BadRequest"]);
    const self = await as(
      sim.token,
      "POST",
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      {},
      {
        "impersonate-user": "system:serviceaccount:kube-system:x",
        "impersonate-extra-scopes": "a",
      },
    );
    expect(self.body["status"]).toEqual({
      userInfo: {
        username: "system:serviceaccount:kube-system:x",
        groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
        extra: { scopes: ["a"] },
      },
    });
  });

  it("issues tokens that hold as long as the account and the pod they are bound to [sim 10] [sim 13]", async () => {
    sim.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "robot", namespace: "default" } });
    sim.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p", namespace: "default" },
      spec: { serviceAccountName: "robot", nodeName: "node-a", containers: [{ name: "c", image: "i:1" }] },
    });
    const path = "/api/v1/namespaces/default/serviceaccounts/robot/token";
    const spec = { boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "p" }, expirationSeconds: 600 };
    const issued = await as(sim.token, "POST", path, { spec });
    expect(issued.status).toBe(201);
    expect(issued.body["spec"]).toMatchObject({
      audiences: ["https://kubernetes.default.svc"],
      expirationSeconds: 600,
    });
    const token = String(issued.body["status"].token);
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<
      string,
      unknown
    >;
    expect(claims["kubernetes.io"]).toMatchObject({
      namespace: "default",
      pod: { name: "p" },
      node: { name: "node-a" },
    });
    const self = await as(token, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {});
    expect(self.body["status"].userInfo).toMatchObject({
      username: "system:serviceaccount:default:robot",
      groups: ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
      extra: { "authentication.kubernetes.io/pod-name": ["p"], "authentication.kubernetes.io/node-name": ["node-a"] },
    });
    const review = (audiences: string[]): Promise<Answer> =>
      as(sim.token, "POST", "/apis/authentication.k8s.io/v1/tokenreviews", { spec: { token, audiences } });
    expect((await review([])).body["status"]).toMatchObject({ authenticated: true });
    expect((await review(["vault"])).body["status"].error).toContain("is invalid for the target audiences");
    sim.remove("pods", "default", "p");
    expect((await review([])).body["status"]).toEqual({
      user: {},
      error: "service account token has been invalidated",
    });
    expect((await as(token, "GET", "/apis")).status).toBe(401);
    const foreign = `${token.slice(0, -6)}AAAAAA`;
    expect((await as(foreign, "GET", "/apis")).status).toBe(401);
  });

  it("expires tokens by its clock, and refuses odd wishes", async () => {
    const clock = new ManualClock();
    await using timed = await openKubeSim({ clock });
    timed.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "robot", namespace: "default" } });
    const path = "/api/v1/namespaces/default/serviceaccounts/robot/token";
    const post = (spec: object): Promise<Answer> =>
      rawRequest(timed, "POST", path, {
        body: JSON.stringify({ spec }),
        headers: { "content-type": "application/json" },
      });
    const token = String((await post({ expirationSeconds: 600 })).body["status"].token);
    const status = async (): Promise<number> =>
      (await rawRequest(timed, "GET", "/api/v1/pods", { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await status()).toBe(200);
    await clock.advance(661_000);
    expect(await status()).toBe(401);
    const short = await post({ expirationSeconds: 60 });
    expect([short.status, short.body["message"]]).toEqual([
      422,
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: may not specify a duration less ' +
        "than 10 minutes",
    ]);
    expect((await post({ boundObjectRef: { kind: "ConfigMap", apiVersion: "v1", name: "x" } })).body["message"]).toBe(
      "cannot bind token to object of type /v1, Kind=ConfigMap",
    );
    const keys = await rawRequest(timed, "GET", "/openid/v1/jwks", {});
    expect(JSON.parse(keys.text)).toMatchObject({ keys: [{ kty: "EC", crv: "P-256", alg: "ES256" }] });
  });

  it("answers access reviews for others, within a namespace, and refuses malformed ones", async () => {
    bind("view", { kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "dev" });
    const attributes = { namespace: "default", verb: "get", resource: "pods" };
    const review = (kind: string, spec: object, namespace = ""): Promise<Answer> =>
      as(sim.token, "POST", `${REVIEWS}${namespace}/${kind}`, { spec });
    const others = await review("subjectaccessreviews", { user: "x", groups: ["dev"], resourceAttributes: attributes });
    expect(others.body["status"]).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "bind-view/default" of ClusterRole "view" to Group "dev"',
    });
    const local = await review(
      "localsubjectaccessreviews",
      { user: "x", resourceAttributes: { ...attributes, namespace: "kube-system" } },
      "/namespaces/default",
    );
    expect([local.status, local.body["message"]]).toEqual([
      422,
      '.authorization.k8s.io "" is invalid: spec.resourceAttributes.namespace: Invalid value: "kube-system": must match metadata.namespace',
    ]);
    const empty = await review("subjectaccessreviews", {});
    expect(empty.body["details"].causes).toHaveLength(2);
    const path = await review("selfsubjectaccessreviews", { nonResourceAttributes: { path: "/metrics", verb: "get" } });
    expect(path.body["status"]).toEqual({ allowed: true });
  });
});
