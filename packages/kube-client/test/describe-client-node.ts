import { KubeConfig, type V1Deployment, type V1Pod } from "@kubernetes/client-node";
import { openTempDir, waitFor } from "@kinglet/testing";
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { createClientFromKubeConfig, type WholeObject } from "../src/client-node/index.ts";
import { createInformer, createKubeClient, deployments, namespaces, pods, type ClusterAccess } from "../src/index.ts";

/** A client made of that library's KubeConfig, on any API server. */
export function describeClientNode(
  title: string,
  openServer: () => Promise<AsyncDisposable & { readonly access: ClusterAccess }>,
): void {
  describe(`createClientFromKubeConfig ${title}`, () => {
    const namespace = "client-node";
    const labels = { app: "web" };
    const spec = { containers: [{ name: "app", image: "app:1" }] };
    let server: Awaited<ReturnType<typeof openServer>>;
    let cluster: Parameters<KubeConfig["loadFromClusterAndUser"]>[0];

    beforeAll(async () => {
      server = await openServer();
      const { access } = server;
      const caData = Buffer.from(access.caPem ?? "").toString("base64");
      cluster = { name: "c", server: access.server, skipTLSVerify: false, caData };
      await using client = createKubeClient(access);
      await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "web", namespace }, spec };
      // Not before the namespace has its service account.
      await waitFor(() => client.create(pods, pod).then(() => true), { timeoutMs: 30_000, describe: "a pod" });
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    function kubeConfig(): KubeConfig {
      const config = new KubeConfig();
      config.loadFromClusterAndUser(cluster, { name: "u", token: server.access.token as string });
      return config;
    }

    it("reads whole objects with that library's types, times as text", async () => {
      await using client = await createClientFromKubeConfig(kubeConfig());
      const pod = await client.get<WholeObject<V1Pod>>(pods, "web", { namespace });
      expect(pod.spec?.containers[0]?.image).toBe("app:1");
      expectTypeOf(pod.metadata.creationTimestamp).toEqualTypeOf<string | undefined>();
      expect(pod.metadata.creationTimestamp).toMatch(/^\d{4}-.*Z$/);
      // @ts-expect-error -- objects are shared
      expect(() => (pod.kind = "Other")).not.toThrow();
    });

    it("feeds an informer, and writes", async () => {
      await using client = await createClientFromKubeConfig(kubeConfig());
      const informer = createInformer<WholeObject<V1Deployment>>(client, deployments, { namespace });
      const stopping = new AbortController();
      const running = informer.run({ signal: stopping.signal });
      await informer.waitForSync();
      const created = await client.create<WholeObject<V1Deployment>>(deployments, {
        ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace } },
        spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      });
      await informer.waitForVersion(created.metadata.resourceVersion);
      expect(informer.get(`${namespace}/web`)?.spec?.template.spec?.containers[0]?.name).toBe("app");
      stopping.abort();
      await running;
    });

    it("takes over token files, as an in-cluster KubeConfig names them", async () => {
      await using folder = await openTempDir("kinglet client-node ");
      writeFileSync(folder.file("token"), `${server.access.token as string}\n`);
      const config = new KubeConfig();
      const authProvider = { name: "tokenFile", config: { tokenFile: folder.file("token") } };
      config.loadFromClusterAndUser(cluster, { name: "u", authProvider });
      await using client = await createClientFromKubeConfig(config);
      expect((await client.get<WholeObject<V1Pod>>(pods, "web", { namespace })).metadata.name).toBe("web");
    });
  });
}
