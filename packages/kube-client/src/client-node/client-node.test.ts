import { writeFileSync } from "node:fs";
import { KubeConfig, type V1Deployment, type V1Pod } from "@kubernetes/client-node";
import { openKubeSim, type KubeSim } from "@kinglet/kube-sim";
import { openTempDir } from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { createInformer, deployments, pods } from "../index.ts";
import { createClientFromKubeConfig, type WholeObject } from "./index.ts";

let sim: KubeSim;
beforeAll(async () => {
  sim = await openKubeSim();
  sim.apply({
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "web", namespace: "shop" } },
    spec: { containers: [{ name: "app", image: "app:1" }] },
  });
});
afterAll(() => sim.stop());

function kubeConfigOf(kubeconfig: object): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(JSON.stringify(kubeconfig));
  return kubeConfig;
}

describe("createClientFromKubeConfig", () => {
  it("reads whole objects with that library's types, times as text", async () => {
    await using client = await createClientFromKubeConfig(kubeConfigOf(sim.kubeconfig()));
    const pod = await client.get<WholeObject<V1Pod>>(pods, "web", { namespace: "shop" });
    expect(pod.spec?.containers[0]?.image).toBe("app:1");
    expectTypeOf(pod.metadata.creationTimestamp).toEqualTypeOf<string | undefined>();
    expect(pod.metadata.creationTimestamp).toMatch(/^\d{4}-.*Z$/);
    // @ts-expect-error -- objects are shared
    expect(() => (pod.kind = "Other")).not.toThrow();
  });

  it("feeds an informer, and writes", async () => {
    await using client = await createClientFromKubeConfig(kubeConfigOf(sim.kubeconfig()));
    const informer = createInformer<WholeObject<V1Deployment>>(client, deployments);
    const stopping = new AbortController();
    const running = informer.run({ signal: stopping.signal });
    await informer.waitForSync();
    const labels = { app: "web" };
    const created = await client.create<WholeObject<V1Deployment>>(deployments, {
      ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace: "shop" } },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: "app", image: "app:1" }] } },
      },
    });
    await informer.waitForVersion(created.metadata.resourceVersion);
    expect(informer.get("shop/web")?.spec?.template.spec?.containers[0]?.name).toBe("app");
    stopping.abort();
    await running;
  });

  it("takes over token files, as an in-cluster KubeConfig names them", async () => {
    await using folder = await openTempDir("kinglet client-node ");
    writeFileSync(folder.file("token"), `${sim.token}\n`);
    const kubeConfig = new KubeConfig();
    const cluster = {
      name: "c",
      server: sim.server,
      skipTLSVerify: false,
      caData: Buffer.from(sim.caPem).toString("base64"),
    };
    const authProvider = { name: "tokenFile", config: { tokenFile: folder.file("token") } };
    kubeConfig.loadFromClusterAndUser(cluster, { name: "u", authProvider });
    await using client = await createClientFromKubeConfig(kubeConfig);
    expect((await client.list(pods)).items).toHaveLength(1);
  });

  it("names what is missing", async () => {
    await expect(createClientFromKubeConfig(new KubeConfig())).rejects.toThrow(/current context .* names no cluster/);
  });
});
