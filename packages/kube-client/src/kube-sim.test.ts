import { openKubeSim, type KubeSim } from "@kinglet/kube-sim";
import { ManualClock, systemClock, type Clock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { describeClient } from "../test/describe-client.ts";
import { openSimServer } from "../test/open-sim-server.ts";
import {
  createInformer,
  createKubeClient,
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

describeClient("on kube-sim", () => openSimServer());

describe("KubeClient with a simulated API server over TLS", () => {
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
