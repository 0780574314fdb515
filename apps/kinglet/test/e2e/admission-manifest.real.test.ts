import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { openRealCluster, type RealCluster } from "@kinglet-tools/real-cluster";
import { encodeBundle } from "@kinglet/policy-engine/bundle";
import { openTempDir } from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isSkipped, realTitle } from "./open-real-fixture.ts";
import { WebhookProcess } from "./webhook-process.ts";

const manifest = join(import.meta.dirname, "../../../../deploy/manifests/admission-controller.yaml");

/** Where the API keeps each kind of the manifest. */
const collections: Readonly<Record<string, string>> = {
  ServiceAccount: "/api/v1/namespaces/kinglet/serviceaccounts",
  Service: "/api/v1/namespaces/kinglet/services",
  ClusterRole: "/apis/rbac.authorization.k8s.io/v1/clusterroles",
  ClusterRoleBinding: "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
  Role: "/apis/rbac.authorization.k8s.io/v1/namespaces/kinglet/roles",
  RoleBinding: "/apis/rbac.authorization.k8s.io/v1/namespaces/kinglet/rolebindings",
  PodDisruptionBudget: "/apis/policy/v1/namespaces/kinglet/poddisruptionbudgets",
  Deployment: "/apis/apps/v1/namespaces/kinglet/deployments",
};

describe.skipIf(isSkipped)(realTitle("deploy/manifests/admission-controller.yaml"), () => {
  let cluster: RealCluster;
  beforeAll(async () => {
    cluster = await openRealCluster();
    await call(cluster, "POST", "/api/v1/namespaces", "application/json", '{"metadata":{"name":"kinglet"}}');
  });
  afterAll(() => cluster?.stop());

  it("is accepted by the server field by field", async () => {
    for (const document of (await readFile(manifest, "utf8")).split(/^---$/m)) {
      const kind = /^kind: (\S+)$/m.exec(document)?.[1] ?? "";
      const name = /^metadata:\n {2}name: (\S+)$/m.exec(document)?.[1] ?? "";
      const path = `${collections[kind] ?? ""}/${name}?fieldManager=test&fieldValidation=Strict`;
      const { status, text } = await call(cluster, "PATCH", path, "application/apply-patch+yaml", document);
      expect(status, `${kind} ${text}`).toBeLessThan(300);
    }
  });

  it("permits what following the bundle needs, and no other ConfigMap", async () => {
    await using folder = await openTempDir("kinglet-webhook-rbac-");
    const kubeconfig = folder.file("kubeconfig");
    const admin = await readFile(cluster.kubeconfigPath, "utf8");
    await writeFile(kubeconfig, admin.replaceAll(cluster.tokens.admin, await accountToken(cluster)));
    await using webhook = await WebhookProcess.start({ folder: folder.path, kubeconfig });
    const { documents } = await encodeBundle({ policies: [], rules: [] });
    for (const { name, data, binaryData } of documents) {
      const body = JSON.stringify({ metadata: { name }, data, binaryData });
      await call(cluster, "POST", "/api/v1/namespaces/kinglet/configmaps", "application/json", body);
    }
    await webhook.ready();
    const { text } = await webhook.http("/metrics");
    expect(text).not.toMatch(/kinglet_kube_requests_total\{[^}]*code="403"/);
  });
});

/** A token of the manifest's service account, as a pod would have it. */
async function accountToken(cluster: RealCluster): Promise<string> {
  const path = `${collections["ServiceAccount"] ?? ""}/admission-controller/token`;
  const body = '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}';
  const { text } = await call(cluster, "POST", path, "application/json", body);
  return (JSON.parse(text) as { readonly status: { readonly token: string } }).status.token;
}

function call(
  cluster: RealCluster,
  method: string,
  path: string,
  contentType: string,
  body: string | undefined,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, cluster.server),
      {
        method,
        agent: false,
        ca: cluster.caPem,
        headers: {
          authorization: `Bearer ${cluster.tokens.admin}`,
          accept: "application/json",
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
