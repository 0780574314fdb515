import {
  ADD,
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  DELETE,
  KubeConfig,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  UPDATE,
  Watch,
  type V1ConfigMap,
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

  it("applies on the server's side, and is told of conflicts", async () => {
    const apps = config.makeApiClient(AppsV1Api);
    const apply = (fieldManager: string, replicas: number, force: boolean): Promise<unknown> =>
      apps.patchNamespacedDeployment(
        {
          name: "web",
          namespace: "default",
          fieldManager,
          force,
          body: {
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: { name: "web" },
            spec: {
              replicas,
              selector: { matchLabels: { app: "web" } },
              template: {
                metadata: { labels: { app: "web" } },
                spec: { containers: [{ name: "app", image: "app:1" }] },
              },
            },
          },
        },
        setHeaderOptions("Content-Type", PatchStrategy.ServerSideApply),
      );
    await apply("one", 1, false);
    await expect(apply("two", 2, false)).rejects.toMatchObject({ code: 409 });
    expect(await apply("two", 2, true)).toMatchObject({ spec: { replicas: 2 } });
  });

  it("keeps an informer going over cut watches, a restart and a version that is too old", async () => {
    const core = config.makeApiClient(CoreV1Api);
    const path = "/api/v1/namespaces/default/configmaps";
    const informer = makeInformer(config, path, () => core.listNamespacedConfigMap({ namespace: "default" }));
    const seen: string[] = [];
    const note = (verb: string) => (object: V1ConfigMap) => void seen.push(`${verb} ${object.metadata?.name ?? ""}`);
    informer.on(ADD, note("add"));
    informer.on(UPDATE, note("update"));
    informer.on(DELETE, note("delete"));
    // It gives up at the first error of a connection: starting it again is what its users do.
    informer.on("error", () => void informer.start());
    const apply = (name: string, key: string): void => {
      sim.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { key } });
    };
    apply("a", "1");
    await informer.start();
    await expect.poll(() => seen).toEqual(["add a"]);

    sim.faults.add({ match: { verb: "watch" }, action: { kind: "cut", afterEvents: 1 }, times: 1 });
    await sim.restart();
    apply("a", "2");
    await expect.poll(() => seen, { timeout: 20_000 }).toContain("update a");
    apply("b", "1");
    await expect.poll(() => seen, { timeout: 20_000 }).toContain("add b");

    await sim.interrupt("refuse");
    sim.remove("configmaps", "default", "a");
    apply("c", "1");
    sim.compact();
    await sim.restart();
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual(expect.arrayContaining(["add c", "delete a"]));
    await informer.stop();
    expect(
      informer
        .list()
        .map((object) => object.metadata?.name)
        .toSorted((left = "", right = "") => left.localeCompare(right)),
    ).toEqual(["b", "c"]);
  });
});
