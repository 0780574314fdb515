import { openKubeSim, type KubeSim } from "@kinglet/kube-sim";
import { ManualClock, systemClock, type Clock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import {
  createInformer,
  createKubeClient,
  deployments,
  loadClusterAccess,
  objectKey,
  pods,
  type Informer,
  type KubeClient,
  type KubeObject,
} from "./index.ts";

interface Pod extends KubeObject {
  readonly spec?: { readonly nodeName?: string; readonly containers?: readonly { readonly name: string }[] };
}

const PROJECTION = { paths: ["spec.nodeName", "spec.containers[].name"] };

/** A minute passes in 0.3 s. */
const SPEED = 200;
const fastClock: Clock = {
  now: () => systemClock.now() * SPEED,
  monotonicMs: () => systemClock.monotonicMs() * SPEED,
  startTimer: (callback, delayMs) => systemClock.startTimer(callback, delayMs / SPEED),
};

function pod(
  name: string,
  nodeName = "node-1",
): {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string; labels: Record<string, string> };
  spec: object;
} {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "shop", labels: { app: "cart" } },
    spec: { nodeName, containers: [{ name: "c", image: "i" }] },
  };
}

async function connect(sim: KubeSim, clock: Clock = systemClock): Promise<KubeClient> {
  return createKubeClient(await loadClusterAccess({ kubeconfig: sim.kubeconfig(), env: {} }), { clock });
}

/** Resolves when the informer holds what the server does; a change of the informer wakes it. */
async function settled(informer: Informer<Pod>, sim: KubeSim): Promise<void> {
  const matches = (): boolean => {
    const theirs = sim.list("pods").map((one) => `${one.metadata.uid} ${one.metadata.resourceVersion}`);
    const ours = [...informer.values()].map((one) => `${one.metadata.uid} ${one.metadata.resourceVersion}`);
    return informer.isSynced && theirs.sort().join() === ours.sort().join();
  };
  const changed = Promise.withResolvers<void>();
  const check = (): void => {
    if (matches()) changed.resolve();
  };
  const registration = informer.addHandler({ onAdd: check, onUpdate: check, onDelete: check, onSynced: check });
  check();
  await changed.promise;
  registration.remove();
}

describe("KubeClient with a simulated API server over TLS", () => {
  it("writes, reads, lists in pages and deletes", async () => {
    await using sim = await openKubeSim();
    await using client = await connect(sim);
    sim.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
    const created = await client.create<Pod>(pods, pod("a"));
    expect(created.metadata).toMatchObject({ name: "a", namespace: "shop" });
    await expect(client.create(pods, pod("a"))).rejects.toMatchObject({
      code: "KINGLET_ERR_KUBE_CLIENT_ALREADY_EXISTS",
    });
    const patched = await client.patch<Pod & { metadata: { labels: object } }>(
      pods,
      "a",
      { metadata: { labels: { x: "y" } } },
      { namespace: "shop", type: "merge" },
    );
    expect(patched.metadata.labels).toEqual({ app: "cart", x: "y" });
    await expect(client.replace(pods, { ...pod("a"), metadata: created.metadata })).rejects.toMatchObject({
      code: "KINGLET_ERR_KUBE_CLIENT_CONFLICT",
    });
    await client.replace(pods, patched);
    for (let index = 0; index < 7; index++) sim.apply(pod(`p${index}`, index < 3 ? "node-1" : "node-2"));
    const list = await client.list<Pod>(pods, {
      limit: 3,
      fieldSelector: "spec.nodeName=node-2",
      projection: PROJECTION,
    });
    expect(list.items.map((one) => one.metadata.name)).toEqual(["p3", "p4", "p5", "p6"]);
    expect(list.items[0]).toEqual({
      metadata: { name: "p3", namespace: "shop", uid: expect.any(String), resourceVersion: expect.any(String) },
      spec: { nodeName: "node-2", containers: [{ name: "c" }] },
    });
    await client.delete(pods, "a", { namespace: "shop", gracePeriodSeconds: 0 });
    await expect(client.get(pods, "a", { namespace: "shop" })).rejects.toMatchObject({
      code: "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND",
    });
    expect(sim.journal().every((entry) => entry.userAgent === "kinglet")).toBe(true);
  });

  it("does not trust another authority, nor a wrong token", async () => {
    await using sim = await openKubeSim();
    const access = await loadClusterAccess({ kubeconfig: sim.kubeconfig(), env: {} });
    const { caPem: _, ...withoutCa } = access;
    await using stranger = createKubeClient(withoutCa);
    await expect(stranger.list(pods)).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_TLS" });
    await using misnamed = createKubeClient({ ...access, tlsServerName: "other.example" });
    await expect(misnamed.list(pods)).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_TLS" });
    await using unknown = createKubeClient({ ...access, token: "wrong" });
    await expect(unknown.list(pods)).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_CLIENT_UNAUTHORIZED" });
    await using careless = createKubeClient({ ...withoutCa, insecureSkipTlsVerify: true });
    expect((await careless.list(deployments)).count).toBe(0);
  });

  it("holds the server's state through restarts, compaction, broken streams and refusals", async () => {
    await using sim = await openKubeSim({ bookmarkIntervalMs: 50 });
    await using client = await connect(sim);
    for (let index = 0; index < 20; index++) sim.apply(pod(`p${index}`));
    const informer = createInformer<Pod>(client, pods, { projection: PROJECTION, clock: fastClock });
    const stop = new AbortController();
    const running = informer.run({ signal: stop.signal });
    await informer.waitForSync();
    const faults = [
      (): unknown => sim.restart(),
      () => sim.compact(),
      () =>
        sim.faults.add({
          match: { verb: "watch" },
          action: { kind: "status", code: 429, retryAfterSeconds: 1 },
          times: 2,
        }),
      () =>
        sim.faults.add({
          match: { verb: "watch" },
          action: { kind: "status", code: 403, reason: "Forbidden" },
          times: 2,
        }),
      () => sim.faults.add({ match: { verb: "watch" }, action: { kind: "cut", afterBytes: 100 }, times: 2 }),
      () =>
        sim.faults.add({
          match: { verb: "list" },
          action: { kind: "status", code: 500, reason: "InternalError" },
          times: 2,
        }),
      () => sim.faults.add({ match: { verb: "list" }, action: { kind: "cut", afterBytes: 2000 }, times: 1 }),
    ];
    for (const [index, act] of faults.entries()) {
      await Promise.resolve(act());
      await sim.restart();
      sim.apply(pod(`p${index}`, `node-${index}`));
      sim.remove("pods", "shop", `p${index + 8}`);
      sim.remove("pods", "shop", "again");
      sim.apply(pod("again"));
      sim.compact();
      await settled(informer, sim);
    }
    expect(informer.get("shop/p3")?.spec?.nodeName).toBe("node-3");
    expect([...informer.values()].map(objectKey)).not.toContain("shop/p8");
    stop.abort();
    await running;
    expect(informer.status.state).toBe("stopped");
  }, 30_000);

  it("uses one connection for a watch and everything else, with no timer but the one that closes it", async () => {
    await using sim = await openKubeSim();
    const clock = new ManualClock();
    await using client = await connect(sim, clock);
    const informer = createInformer<Pod>(client, pods, { clock });
    const stop = new AbortController();
    const running = informer.run({ signal: stop.signal });
    await informer.waitForSync();
    for (let index = 0; index < 10; index++) await client.list(pods);
    expect(process.getActiveResourcesInfo().filter((name) => name === "TLSWrap").length).toBeLessThanOrEqual(2);
    stop.abort();
    await running;
    expect(clock.pendingTimers).toBe(1);
    await client[Symbol.asyncDispose]();
    expect(clock.pendingTimers).toBe(0);
  });
});
