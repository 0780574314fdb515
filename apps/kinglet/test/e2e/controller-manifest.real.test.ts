import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { openRealCluster, type RealCluster } from "@kinglet-tools/real-cluster";
import { installCrds, openTempDir, waitFor } from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ControllerProcess } from "./controller-process.ts";
import { isSkipped, realTitle } from "./open-real-fixture.ts";

const manifest = join(import.meta.dirname, "../../../../deploy/manifests/config-controller.yaml");

/** Where the API keeps each kind of the manifest. */
const collections: Readonly<Record<string, string>> = {
  ServiceAccount: "/api/v1/namespaces/kinglet/serviceaccounts",
  ClusterRole: "/apis/rbac.authorization.k8s.io/v1/clusterroles",
  ClusterRoleBinding: "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
  Role: "/apis/rbac.authorization.k8s.io/v1/namespaces/kinglet/roles",
  RoleBinding: "/apis/rbac.authorization.k8s.io/v1/namespaces/kinglet/rolebindings",
  Deployment: "/apis/apps/v1/namespaces/kinglet/deployments",
};
const json = "application/json";
const policies = "/apis/config.stackrox.io/v1alpha1/namespaces/kinglet/securitypolicies";
const rules = "/apis/kubescape.io/v1/namespaces/default/rules";
const configMaps = "/api/v1/namespaces/kinglet/configmaps";

describe.skipIf(isSkipped)(realTitle("deploy/manifests/config-controller.yaml"), () => {
  let cluster: RealCluster;
  let kubeconfig: (folder: string) => Promise<string>;

  beforeAll(async () => {
    cluster = await openRealCluster();
    await call("POST", "/api/v1/namespaces", json, '{"metadata":{"name":"kinglet"}}');
    await installCrds({
      kind: "real",
      server: cluster.server,
      caPem: cluster.caPem,
      kubeconfigPath: cluster.kubeconfigPath,
      adminToken: cluster.tokens.admin,
      canRestart: false,
      restart: async () => {},
      [Symbol.asyncDispose]: async () => {},
    });
    kubeconfig = async (folder) => {
      const path = join(folder, "kubeconfig");
      const admin = await readFile(cluster.kubeconfigPath, "utf8");
      await writeFile(path, admin.replaceAll(cluster.tokens.admin, await accountToken()));
      return path;
    };
  });
  afterAll(() => cluster?.stop());

  it("is accepted by the server field by field", async () => {
    for (const document of (await readFile(manifest, "utf8")).split(/^---$/m)) {
      const kind = /^kind: (\S+)$/m.exec(document)?.[1] ?? "";
      const name = /^metadata:\n {2}name: (\S+)$/m.exec(document)?.[1] ?? "";
      const path = `${collections[kind] ?? ""}/${name}?fieldManager=test&fieldValidation=Strict`;
      const { status, text } = await call("PATCH", path, "application/apply-patch+yaml", document);
      expect(status, `${kind} ${text}`).toBeLessThan(300);
    }
  });

  it("permits everything that a controller does with policies, rules, the bundle, certificates and webhooks", async () => {
    await using folder = await openTempDir("kinglet-controller-rbac-");
    await using controller = await ControllerProcess.start({
      folder: folder.path,
      kubeconfig: await kubeconfig(folder.path),
      args: ["--namespace", "kinglet"],
    });
    await controller.ready();
    const spec = {
      policyName: "No privileged containers",
      categories: ["Kinglet"],
      lifecycleStages: ["DEPLOY"],
      severity: "HIGH_SEVERITY",
      policySections: [{ policyGroups: [{ fieldName: "Privileged Container", values: [{ value: "true" }] }] }],
    };
    const rule = {
      enabled: true,
      id: "R0001",
      name: "Unexpected process",
      expressions: {
        message: "event.comm",
        uniqueId: "event.comm",
        ruleExpression: [{ eventType: "exec", expression: "!ap.was_executed(event.containerId, event.exepath)" }],
      },
    };
    await create(policies, {
      apiVersion: "config.stackrox.io/v1alpha1",
      kind: "SecurityPolicy",
      metadata: { name: "one" },
      spec,
    });
    await create(rules, {
      apiVersion: "kubescape.io/v1",
      kind: "Rules",
      metadata: { name: "two" },
      spec: { rules: [rule] },
    });
    for (const path of [`${policies}/one`, `${rules}/two`]) {
      await waitFor(async () => (await call("GET", path)).text.includes('"reason":"Published"'), {
        timeoutMs: 30_000,
        describe: `${path} to be published`,
      });
    }
    // What somebody breaks is repaired, and what is deleted goes.
    await call("DELETE", `${configMaps}/kinglet-policies`);
    const configuration = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/kinglet-admission";
    await call("PATCH", configuration, "application/json-patch+json", '[{"op":"remove","path":"/webhooks/0"}]');
    await waitFor(async () => (await call("GET", `${configMaps}/kinglet-policies`)).status === 200, {
      describe: "the bundle to be back",
    });
    await waitFor(
      async () =>
        (JSON.parse((await call("GET", configuration)).text) as { webhooks: unknown[] }).webhooks.length === 3,
      { describe: "the webhooks to be back" },
    );
    for (const path of [`${policies}/one`, `${rules}/two`]) {
      await call("DELETE", path);
      await waitFor(async () => (await call("GET", path)).status === 404, { describe: `${path} to be gone` });
    }
    const { text } = await controller.http("/metrics");
    expect(text).toMatch(/kinglet_kube_requests_total\{/);
    expect(text).not.toMatch(/kinglet_kube_requests_total\{[^}]*code="403"/);
    expect(await controller.stop()).toBe(0);
  });

  it("permits no other Secret, ConfigMap or webhook configuration", async () => {
    const token = await accountToken();
    await create(configMaps, { metadata: { name: "other" }, data: {} });
    await create("/api/v1/namespaces/kinglet/secrets", { metadata: { name: "other" }, data: {} });
    for (const path of [
      `${configMaps}/other`,
      configMaps,
      "/api/v1/namespaces/kinglet/secrets/other",
      "/api/v1/namespaces/kinglet/secrets",
      "/api/v1/namespaces/default/secrets",
      "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
      "/api/v1/pods",
    ]) {
      expect((await call("GET", path, json, undefined, token)).status, path).toBe(403);
    }
  });

  async function create(collection: string, object: object): Promise<void> {
    const { status, text } = await call("POST", collection, json, JSON.stringify(object));
    expect(status, text).toBeLessThan(300);
  }

  /** A token of the manifest's service account, as a pod would have it. */
  async function accountToken(): Promise<string> {
    const path = `${collections["ServiceAccount"] ?? ""}/config-controller/token`;
    const body = '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}';
    const { text } = await call("POST", path, json, body);
    return (JSON.parse(text) as { readonly status: { readonly token: string } }).status.token;
  }

  function call(
    method: string,
    path: string,
    contentType = json,
    body?: string,
    token = cluster.tokens.admin,
  ): Promise<{ readonly status: number; readonly text: string }> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(path, cluster.server),
        {
          method,
          agent: false,
          ca: cluster.caPem,
          headers: {
            authorization: `Bearer ${token}`,
            accept: json,
            ...(body === undefined ? {} : { "content-type": contentType, "content-length": Buffer.byteLength(body) }),
          },
        },
        (answer) => {
          let text = "";
          answer.setEncoding("utf8").on("data", (part: string) => {
            text += part;
          });
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
        },
      );
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }
});
