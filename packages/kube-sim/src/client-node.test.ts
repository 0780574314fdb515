import {
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  Watch,
} from "@kubernetes/client-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openKubeSim, type KubeSim } from "./index.ts";

describe("@kubernetes/client-node as a client", () => {
  let sim: KubeSim;
  let config: KubeConfig;
  beforeEach(async () => {
    sim = await openKubeSim();
    config = new KubeConfig();
    config.loadFromString(JSON.stringify(sim.kubeconfig()));
  });
  afterEach(() => sim.stop());

  it("creates, reads, patches, lists and deletes", async () => {
    const core = config.makeApiClient(CoreV1Api);
    const namespace = "default";
    const created = await core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: "a" }, data: { k: "1" } },
    });
    expect(created.metadata?.uid).toMatch(/^[0-9a-f-]{36}$/);
    const patched = await core.patchNamespacedConfigMap(
      { name: "a", namespace, body: { data: { k: "2" } } },
      setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
    );
    expect(patched.data).toEqual({ k: "2" });
    const list = await core.listNamespacedConfigMap({ namespace, limit: 10 });
    expect(list.items.map((item) => item.metadata?.name)).toEqual(["a"]);
    await expect(
      core.createNamespacedConfigMap({ namespace, body: { metadata: { name: "a" } } }),
    ).rejects.toMatchObject({
      code: 409,
    });
    await core.deleteNamespacedConfigMap({ name: "a", namespace });
    await expect(core.readNamespacedConfigMap({ name: "a", namespace })).rejects.toMatchObject({ code: 404 });
  });

  it("watches", async () => {
    const watch = new Watch(config);
    const seen: string[] = [];
    const done = Promise.withResolvers<unknown>();
    const request = await watch.watch(
      "/api/v1/nodes",
      { allowWatchBookmarks: true },
      (type: string, object: { metadata: { name: string } }) => {
        seen.push(`${type} ${object.metadata.name}`);
        if (seen.length === 2) done.resolve(undefined);
      },
      done.resolve,
    );
    sim.apply({ apiVersion: "v1", kind: "Node", metadata: { name: "one" } });
    sim.apply({ apiVersion: "v1", kind: "Node", metadata: { name: "one", labels: { a: "b" } } });
    await done.promise;
    request.abort();
    expect(seen).toEqual(["ADDED one", "MODIFIED one"]);
  });

  it("works with custom objects", async () => {
    const custom = config.makeApiClient(CustomObjectsApi);
    const where = { group: "kinglet.dev", version: "v1", plural: "birds" };
    sim.apply({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "birds.kinglet.dev" },
      spec: {
        group: "kinglet.dev",
        scope: "Cluster",
        names: { plural: "birds", kind: "Bird" },
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
      },
    });
    const body = { apiVersion: "kinglet.dev/v1", kind: "Bird", metadata: { name: "wren" } };
    await custom.createClusterCustomObject({ ...where, body });
    expect(await custom.getClusterCustomObject({ ...where, name: "wren" })).toMatchObject(body);
  });
});
