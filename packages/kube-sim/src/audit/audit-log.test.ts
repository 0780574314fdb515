import { afterEach, describe, expect, it } from "vitest";
import { rawRequest, rawWatch } from "../../test/raw-request.ts";
import { openScriptedWebhook, patchAnswer } from "../../test/scripted-webhook.ts";
import { openKubeSim, type AuditEvent, type AuditPolicy, type AuditPolicyRule, type KubeSim } from "../index.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const sims: KubeSim[] = [];

function policyOf(rules: readonly AuditPolicyRule[], more: Partial<AuditPolicy> = {}): AuditPolicy {
  return { apiVersion: "audit.k8s.io/v1", kind: "Policy", rules, ...more };
}

/** Later stages only, unless `more` says otherwise. */
async function openAudited(
  rules: readonly AuditPolicyRule[],
  more: Partial<AuditPolicy> = { omitStages: ["RequestReceived"] },
): Promise<{ readonly sim: KubeSim; readonly events: AuditEvent[] }> {
  const events: AuditEvent[] = [];
  const sim = await openKubeSim({
    tokens: { "tok-ann": { name: "ann", groups: ["dev"] } },
    authorization: "rbac",
    audit: { policy: policyOf(rules, more), write: (event) => void events.push(event) },
  });
  sims.push(sim);
  return { sim, events };
}

const as = (token: string): { readonly headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${token}` },
});

describe("AuditLog", () => {
  afterEach(async () => {
    for (const sim of sims.splice(0)) await sim.stop();
  });

  it("writes a request on arrival and at its end, under the id that the client gets or gave [sim 14]", async () => {
    const { sim, events } = await openAudited([{ level: "Metadata" }], {});
    const answer = await rawRequest(sim, "GET", `${CONFIG_MAPS}/none`);
    const [received, complete] = events;
    expect(events.map(({ stage }) => stage)).toEqual(["RequestReceived", "ResponseComplete"]);
    expect(answer.headers["audit-id"]).toBe(received?.auditID);
    expect(complete?.auditID).toBe(received?.auditID);
    expect(received).not.toHaveProperty("responseStatus");
    expect(received).not.toHaveProperty("annotations");
    expect(received?.requestReceivedTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(complete?.responseStatus).toMatchObject({ metadata: {}, status: "Failure", reason: "NotFound", code: 404 });
    const own = await rawRequest(sim, "GET", "/version", { headers: { "audit-id": "mine" } });
    expect([own.headers["audit-id"], events.at(-1)?.auditID]).toEqual(["mine", "mine"]);
  });

  it("goes by the first rule that matches, and writes nothing without one [sim 14]", async () => {
    const { sim, events } = await openAudited([
      { level: "None", users: ["ann"], verbs: ["list"] },
      { level: "RequestResponse", userGroups: ["dev"], namespaces: ["default"] },
      { level: "Request", resources: [{ group: "apps", resources: ["*/scale"] }] },
      { level: "Metadata", resources: [{ resources: ["configmaps"], resourceNames: ["a"] }] },
      { level: "Metadata", nonResourceURLs: ["/health*"] },
    ]);
    const ask = async (path: string, token?: string): Promise<string | undefined> => {
      events.length = 0;
      await rawRequest(sim, "GET", path, token === undefined ? {} : as(token));
      return events[0]?.level;
    };
    expect(await ask(CONFIG_MAPS, "tok-ann")).toBeUndefined();
    expect(await ask(`${CONFIG_MAPS}/b`, "tok-ann")).toBe("RequestResponse");
    expect(await ask("/apis/apps/v1/namespaces/default/deployments/a/scale")).toBe("Request");
    expect(await ask(`${CONFIG_MAPS}/a`)).toBe("Metadata");
    expect(await ask(`${CONFIG_MAPS}/b`)).toBeUndefined();
    expect(await ask("/healthz")).toBe("Metadata");
    expect(await ask("/version")).toBeUndefined();
  });

  it("records bodies with defaults, lists whole, and leaves owners of fields out on wish [sim 14]", async () => {
    const { sim, events } = await openAudited([{ level: "RequestResponse", omitManagedFields: true }]);
    await rawRequest(sim, "POST", CONFIG_MAPS, { body: { metadata: { name: "a" }, data: { k: "v" } } });
    await rawRequest(sim, "GET", CONFIG_MAPS);
    expect(events[0]?.objectRef).toEqual({
      resource: "configmaps",
      namespace: "default",
      name: "a",
      apiVersion: "v1",
    });
    expect(events[0]?.requestObject).toEqual({
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: { name: "a" },
      data: { k: "v" },
    });
    const list = events[1]?.responseObject as { readonly kind: string; readonly items: readonly object[] };
    expect(list).toMatchObject({ kind: "ConfigMapList", items: [{ metadata: { name: "a" } }] });
    expect(JSON.stringify(events)).not.toContain("managedFields");
  });

  it("names who asked and whom he acted as, and only the head of what was refused to nobody [sim 14]", async () => {
    const { sim, events } = await openAudited([{ level: "Metadata" }]);
    await rawRequest(sim, "GET", CONFIG_MAPS, {
      headers: { "impersonate-user": "ann", "x-forwarded-for": "10.1.2.3, x" },
    });
    expect(events[0]).toMatchObject({
      user: { username: "admin" },
      impersonatedUser: { username: "ann", groups: ["system:authenticated"] },
      authenticationMetadata: { impersonationConstraint: "impersonate:user-info" },
      sourceIPs: ["10.1.2.3", "127.0.0.1"],
      annotations: { "authorization.k8s.io/decision": "forbid" },
    });
    await rawRequest(sim, "GET", CONFIG_MAPS, as("tok-nobody"));
    expect(events.slice(1)).toMatchObject([{ user: {}, stage: "ResponseStarted", responseStatus: { code: 401 } }]);
    expect(events[1]).not.toHaveProperty("annotations");
  });

  it("writes a watch when it starts and when it ends, also when the server stops [sim 14]", async () => {
    const { sim, events } = await openAudited([{ level: "RequestResponse" }]);
    using _watch = await rawWatch(sim, `${CONFIG_MAPS}?watch=true`);
    expect(events.map(({ stage, verb }) => `${verb} ${stage}`)).toEqual(["watch ResponseStarted"]);
    await sim.stop();
    expect(events.map(({ stage }) => stage)).toEqual(["ResponseStarted", "ResponseComplete"]);
    expect(events[1]?.responseStatus).toEqual({ metadata: {}, code: 200 });
    expect(events[1]).not.toHaveProperty("responseObject");
  });

  it("has what webhooks did, by their place among all, and their own annotations from level Request on [sim 11]", async () => {
    await using hook = await openScriptedWebhook({
      "/one": () => ({ auditAnnotations: { seen: "yes", "not/good": "x" } }),
      "/two": () => patchAnswer({ op: "add", path: "/data", value: { k: "v" } }),
      "/broken": () => "no JSON",
    });
    const { sim, events } = await openAudited([
      { level: "Request", verbs: ["create"] },
      { level: "Metadata", verbs: ["update"] },
    ]);
    const register = (kind: string, name: string, path: string, more: object): void => {
      const rule = { apiGroups: [""], apiVersions: ["v1"], operations: ["*"], resources: ["configmaps"] };
      const webhook = {
        name: `${name}.example.dev`,
        rules: [rule],
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
        clientConfig: { url: `https://${hook.address}${path}`, caBundle: hook.caBundle },
        ...more,
      };
      const metadata = { name };
      sim.apply({ apiVersion: "admissionregistration.k8s.io/v1", kind, metadata, webhooks: [webhook] });
    };
    register("MutatingWebhookConfiguration", "a", "/broken", { failurePolicy: "Ignore" });
    register("MutatingWebhookConfiguration", "b", "/one", { reinvocationPolicy: "IfNeeded" });
    register("MutatingWebhookConfiguration", "c", "/two", {});
    register("ValidatingWebhookConfiguration", "d", "/broken", { failurePolicy: "Ignore" });
    await rawRequest(sim, "POST", CONFIG_MAPS, { body: { metadata: { name: "m" } } });
    const outcome = (letter: string, mutated: boolean): string =>
      JSON.stringify({ configuration: letter, webhook: `${letter}.example.dev`, mutated });
    const patch = [{ op: "add", path: "/data", value: { k: "v" } }];
    expect(events[0]?.annotations).toEqual({
      "authorization.k8s.io/decision": "allow",
      "authorization.k8s.io/reason": "",
      "b.example.dev/seen": "yes",
      "failed-open.mutation.webhook.admission.k8s.io/round_0_index_0": "a.example.dev",
      "failed-open.validating.webhook.admission.k8s.io/round_0_index_0": "d.example.dev",
      "mutation.webhook.admission.k8s.io/round_0_index_0": outcome("a", false),
      "mutation.webhook.admission.k8s.io/round_0_index_1": outcome("b", false),
      "mutation.webhook.admission.k8s.io/round_0_index_2": outcome("c", true),
      "mutation.webhook.admission.k8s.io/round_1_index_1": outcome("b", false),
      "patch.webhook.admission.k8s.io/round_0_index_2": JSON.stringify({
        configuration: "c",
        webhook: "c.example.dev",
        patch,
        patchType: "JSONPatch",
      }),
    });
    await rawRequest(sim, "PUT", `${CONFIG_MAPS}/m`, { body: { metadata: { name: "m" } } });
    const keys = Object.keys(events[1]?.annotations ?? {});
    expect(keys.filter((key) => key.startsWith("patch."))).toEqual([]);
    expect(keys).toContain("mutation.webhook.admission.k8s.io/round_0_index_2");
  });

  it.each([
    [{ apiVersion: "audit.k8s.io/v1beta1" }, 'apiVersion is "audit.k8s.io/v1beta1", not audit.k8s.io/v1'],
    [{ omitStages: ["End"], rules: [] }, 'omitStages is ["End"], not a list of RequestReceived, ResponseStarted'],
    [{ omitStages: ["End"], rules: [] }, "; rules is empty"],
    [{ rules: [{ level: "All" }, 1] }, 'rules[0].level is "All", not one of None, Metadata, Request, RequestResponse'],
    [{ rules: [{ level: "All" }, 1] }, "; rules[1] is no object"],
    [{ rules: [{ level: "None", verbs: "get" }] }, "rules[0].verbs is no list of texts"],
    [{ rules: [{ level: "None", resources: ["pods"] }] }, "rules[0].resources is no list of {group, resources"],
    [
      { rules: [{ level: "None", nonResourceURLs: ["/a*b"] }] },
      'rules[0].nonResourceURLs has "/a*b", which is neither',
    ],
    [{ rules: [{ level: "None", nonResourceURLs: ["*"], namespaces: ["a"] }] }, "which no request matches"],
  ])("refuses the policy %j and says what is wrong [sim 14]", async (wrong, problem) => {
    const policy = { ...policyOf([{ level: "None" }]), ...wrong } as unknown as AuditPolicy;
    await expect(openKubeSim({ audit: { policy, write: () => {} } })).rejects.toMatchObject({
      code: "KINGLET_ERR_KUBE_SIM_AUDIT_POLICY",
      message: expect.stringContaining(problem) as unknown,
    });
  });
});
