import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rawRequest, type RawAnswer } from "../../test/raw-request.ts";
import {
  openScriptedWebhook,
  patchAnswer,
  type ScriptedWebhook,
  type WebhookCall,
} from "../../test/scripted-webhook.ts";
import { openKubeSim, type KubeSim } from "../index.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const configMapRule = { apiGroups: [""], apiVersions: ["v1"], operations: ["*"], resources: ["configmaps"] };

const addLabel = (key: string, value: string) => (call: WebhookCall) =>
  call.request.object?.metadata.labels === undefined
    ? patchAnswer({ op: "add", path: "/metadata/labels", value: { [key]: value } })
    : patchAnswer({ op: "add", path: `/metadata/labels/${key}`, value });

describe("WebhookAdmission", () => {
  let sim: KubeSim;
  let hook: ScriptedWebhook;
  beforeEach(async () => {
    hook = await openScriptedWebhook({
      "/one": addLabel("one", "yes"),
      "/two": addLabel("two", "yes"),
      "/deny": () => ({ allowed: false, status: { message: "no", reason: "Conflict", code: 409 } }),
      "/deny-200": () => ({ allowed: false, status: { code: 200, reason: "Because" } }),
      "/patch": () => patchAnswer({ op: "add", path: "/data", value: { a: "b" } }),
      "/patch-only": () => ({ patch: Buffer.from("[]").toString("base64") }),
      "/type-only": () => ({ patchType: "JSONPatch" }),
      "/no-patch": () => ({ patchType: "JSONPatch", patch: Buffer.from("{}").toString("base64") }),
      "/old": () =>
        '{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","response":{"uid":"UID","allowed":true}}',
    });
    sim = await openKubeSim({
      tokens: { "tok-ann": { name: "ann", groups: ["dev"] } },
      resolveService: (namespace, name, port) =>
        `${namespace}/${name}:${port}` === "hooks/there:443" ? hook.address : undefined,
    });
  });
  afterEach(async () => {
    await sim.stop();
    await hook[Symbol.asyncDispose]();
  });

  const register = (kind: "Mutating" | "Validating", name: string, ...webhooks: object[]): void => {
    sim.apply({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: `${kind}WebhookConfiguration`,
      metadata: { name },
      webhooks: webhooks.map((webhook, index) =>
        Object.assign(
          {
            name: `${name}${index}.example.dev`,
            rules: [configMapRule],
            sideEffects: "None",
            admissionReviewVersions: ["v1"],
          },
          webhook,
        ),
      ),
    });
  };
  const at = (path: string): object => ({
    clientConfig: { url: `https://${hook.address}${path}`, caBundle: hook.caBundle },
  });
  const create = (body: object, query = "", headers: Record<string, string> = {}): Promise<RawAnswer> =>
    rawRequest(sim, "POST", CONFIG_MAPS + query, { body, headers: { "content-type": "application/json", ...headers } });
  const paths = (): string[] => hook.calls.map((call) => call.path);

  it("asks mutating webhooks by name of their configuration, and once more those that want to see later changes", async () => {
    register("Mutating", "b", { ...at("/two") });
    register("Mutating", "a", { ...at("/one"), reinvocationPolicy: "IfNeeded" });
    const created = await create({ metadata: { name: "x" } });
    expect(created.body.metadata.labels).toEqual({ one: "yes", two: "yes" });
    expect(paths()).toEqual(["/one", "/two", "/one"]);
    expect(hook.calls[1]?.request.object.metadata.labels).toEqual({ one: "yes" });
  });

  it("validates what mutation made, sees a generated name only then, and keeps its connection", async () => {
    register("Mutating", "m", at("/one"));
    register("Validating", "v", at("/allow"));
    await create({ metadata: { generateName: "gen-" } });
    const [mutating, validating] = hook.calls;
    expect([mutating?.request.name, mutating?.request.object.metadata.name]).toEqual([undefined, undefined]);
    expect(validating?.request.name).toMatch(/^gen-/);
    expect(validating?.request.object.metadata.labels).toEqual({ one: "yes" });
    expect(mutating?.headers["user-agent"]).toBe("kube-apiserver-admission");
    await create({ metadata: { name: "y" } });
    expect(hook.connections()).toBe(1);
  });

  it("refuses with the webhook's own status, but never with one below 400", async () => {
    register("Validating", "v", at("/deny"));
    expect((await create({ metadata: { name: "x" } })).body).toMatchObject({
      code: 409,
      reason: "Conflict",
      message: 'admission webhook "v0.example.dev" denied the request: no',
    });
    register("Validating", "v", at("/deny-200"));
    expect((await create({ metadata: { name: "x" } })).body).toMatchObject({
      code: 400,
      message: 'admission webhook "v0.example.dev" denied the request: Because',
    });
  });

  it("is as strict with answers as the API server [sim 11]", async () => {
    const message = async (path: string, kind: "Mutating" | "Validating"): Promise<string> => {
      register(kind, "s", at(path));
      const refused = await create({ metadata: { name: "x" } });
      sim.remove(`${kind.toLowerCase()}webhookconfigurations.admissionregistration.k8s.io`, "", "s");
      expect([refused.status, refused.body.reason]).toEqual([500, "InternalError"]);
      return String(refused.body.message).replace(
        'Internal error occurred: failed calling webhook "s0.example.dev": ',
        "",
      );
    };
    const invalid = "received invalid webhook response: ";
    expect(await message("/patch", "Validating")).toBe(`${invalid}validating webhook may not return response.patch`);
    expect(await message("/type-only", "Validating")).toBe(
      `${invalid}validating webhook may not return response.patchType`,
    );
    expect(await message("/patch-only", "Mutating")).toBe(
      `${invalid}webhook returned response.patch but not response.patchType`,
    );
    expect(await message("/type-only", "Mutating")).toBe(
      `${invalid}webhook returned response.patchType but not response.patch`,
    );
    expect(await message("/no-patch", "Mutating")).toContain("received undecodable patch in webhook response: ");
    expect(await message("/old", "Validating")).toMatch(/expected response.uid="[-0-9a-f]+", got "UID"$/);
  });

  it("goes by scope, operation, sub-resource and equivalent versions", async () => {
    const rule = (more: object): object => ({ rules: [{ ...configMapRule, ...more }] });
    register("Validating", "v", { ...at("/cluster"), ...rule({ scope: "Cluster", resources: ["*"] }) });
    register("Validating", "w", { ...at("/update"), ...rule({ operations: ["UPDATE", "DELETE"] }) });
    register("Validating", "x", {
      ...at("/status"),
      ...rule({ apiGroups: ["apps"], resources: ["deployments/status"] }),
    });
    register("Validating", "y", {
      ...at("/equivalent"),
      ...rule({ apiGroups: ["events.k8s.io"], resources: ["events"] }),
    });
    register("Validating", "z", {
      ...at("/exact"),
      matchPolicy: "Exact",
      ...rule({ apiGroups: ["events.k8s.io"], resources: ["events"] }),
    });
    await create({ metadata: { name: "x" } });
    expect(paths()).toEqual([]);
    await rawRequest(sim, "DELETE", `${CONFIG_MAPS}/x`);
    await rawRequest(sim, "POST", "/api/v1/namespaces", { body: { metadata: { name: "fresh" } } });
    expect(paths()).toEqual(["/update", "/cluster"]);
    expect(hook.calls[1]?.request).toMatchObject({ name: "fresh", namespace: "fresh", operation: "CREATE" });
    const event = {
      metadata: { name: "e" },
      involvedObject: { namespace: "default", name: "p" },
      reason: "r",
      message: "m",
    };
    await rawRequest(sim, "POST", "/api/v1/namespaces/default/events", { body: event });
    expect(hook.calls[2]?.path).toBe("/equivalent");
    expect(hook.calls[2]?.request).toMatchObject({
      kind: { group: "events.k8s.io", version: "v1", kind: "Event" },
      requestKind: { group: "", version: "v1", kind: "Event" },
      object: { apiVersion: "events.k8s.io/v1", note: "m" },
    });
    expect(paths()).toHaveLength(3);
  });

  it("takes match conditions over the request and what its user may do", async () => {
    const when = (...expressions: string[]): object => ({
      ...at("/deny"),
      matchConditions: expressions.map((expression, index) => ({ name: `c${index}`, expression })),
    });
    const outcome = async (webhook: object): Promise<RawAnswer> => {
      register("Validating", "v", webhook);
      return create({ metadata: { name: "x" } }, "?dryRun=All");
    };
    expect((await outcome(when("request.userInfo.username == 'nobody'"))).status).toBe(201);
    expect((await outcome(when("request.dryRun && object.metadata.name.startsWith('x')"))).status).toBe(409);
    expect((await outcome(when("authorizer.requestResource.check('create').allowed()"))).status).toBe(409);
    expect(
      (await outcome(when("!authorizer.group('').resource('pods').namespace('default').check('get').allowed()")))
        .status,
    ).toBe(201);
    const failed = await outcome(when("true", "object.metadata.labels['a'] == 'b'"));
    expect([failed.status, failed.body.message]).toEqual([
      403,
      `configmaps "x" is forbidden: expression 'object.metadata.labels['a'] == 'b'' resulted in error: no such key: labels`,
    ]);
    expect((await outcome({ ...when("object.data.x == 1"), failurePolicy: "Ignore" })).status).toBe(201);
    expect((await outcome(when("object.data.x == 1", "false"))).status).toBe(201);
  });

  it("is not asked about dry runs when it has side effects, and a deletion cannot be patched", async () => {
    register("Mutating", "m", { ...at("/one") });
    await create({ metadata: { name: "x" } }, "?dryRun=All");
    expect(hook.calls.at(-1)?.request).toMatchObject({ dryRun: true, options: { dryRun: ["All"] } });
    await create({ metadata: { name: "x" } });
    const gone = await rawRequest(sim, "DELETE", `${CONFIG_MAPS}/x`);
    expect([gone.status, gone.body.message]).toEqual([
      500,
      'Internal error occurred: admission webhook "m0.example.dev" attempted to modify the object, which is not supported for this operation',
    ]);
  });

  it("calls Services that somebody stands for under their own name, and says what is missing of the others", async () => {
    const service = (name: string): object => ({
      clientConfig: { service: { namespace: "hooks", name, path: "/x" }, caBundle: hook.caBundle },
    });
    register("Validating", "v", service("gone"));
    expect((await create({ metadata: { name: "x" } })).body.message).toBe(
      'Internal error occurred: failed calling webhook "v0.example.dev": failed to call webhook: ' +
        'Post "https://gone.hooks.svc:443/x?timeout=10s": service "gone" not found',
    );
    register("Validating", "v", service("there"));
    expect((await create({ metadata: { name: "x" } })).body.message).toContain(
      "tls: failed to verify certificate: x509: certificate is valid for localhost, kubernetes.default.svc, not there.hooks.svc",
    );
    expect(paths()).toEqual([]);
  });

  it("never asks about what configures admission", async () => {
    register("Validating", "v", { ...at("/deny"), rules: [{ ...configMapRule, apiGroups: ["*"], resources: ["*"] }] });
    const path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/v";
    expect((await rawRequest(sim, "DELETE", path)).status).toBe(200);
    expect(paths()).toEqual([]);
  });

  it("asks about connections with their options, and nothing answers behind them [sim 11] [sim 13]", async () => {
    register("Validating", "v", {
      ...at("/allow"),
      rules: [{ ...configMapRule, resources: ["pods/*", "services/proxy"] }],
    });
    sim.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p", namespace: "default" },
      spec: {
        nodeName: "n",
        containers: [
          { name: "a", image: "i:1" },
          { name: "b", image: "i:1" },
        ],
      },
    });
    const pod = "/api/v1/namespaces/default/pods/p";
    const unnamed = await rawRequest(sim, "POST", `${pod}/exec?command=ls&command=-l&stdin=false&tty=true`);
    expect([unnamed.status, unnamed.body.message]).toEqual([
      400,
      "a container name must be specified for pod p, choose one of: [a b]",
    ]);
    expect((await rawRequest(sim, "POST", `${pod}/attach?container=z`)).body.message).toBe(
      "container z is not valid for pod p",
    );
    expect((await rawRequest(sim, "GET", `${pod}/proxy/some/path`)).status).toBe(400);
    expect(hook.calls.map(({ request }) => [request.subResource, request.object, request.options])).toEqual([
      ["exec", { kind: "PodExecOptions", apiVersion: "v1", tty: true, command: ["ls", "-l"] }, null],
      ["attach", { kind: "PodAttachOptions", apiVersion: "v1", container: "z" }, null],
      ["proxy", { kind: "PodProxyOptions", apiVersion: "v1", path: "/some/path" }, null],
    ]);
  });
});
