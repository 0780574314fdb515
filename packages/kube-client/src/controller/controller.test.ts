import { hasCode } from "@kinglet/errors";
import { ManualClock, sleep } from "@kinglet/lifecycle";
import { createMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../index.ts";
import { runController, terminalError, type ControllerOptions, type ReconcileResult } from "./controller.ts";
import { enqueueObjects, ownerKeys } from "./enqueue-objects.ts";
import { findSilentWatches } from "./watch-liveness.ts";
import { LOW_PRIORITY, WorkQueue } from "./work-queue.ts";

const synced = { waitForSync: () => Promise.resolve(), status: { state: "watching", reason: "" } } as const;

function start(
  clock: ManualClock,
  reconcile: ControllerOptions["reconcile"],
  options: Partial<ControllerOptions> = {},
): { queue: WorkQueue; stop: () => void; ended: Promise<void> } {
  const stopping = new AbortController();
  const queue = options.queue ?? new WorkQueue({ name: "shop", clock });
  const ended = runController(
    { name: "shop", queue, informers: [synced], clock, reconcile, ...options },
    { signal: stopping.signal },
  );
  return { queue, stop: () => stopping.abort(), ended };
}

describe("runController", () => {
  it("brings a key back as its reconciliation asks [client K4]", async () => {
    const clock = new ManualClock();
    const runs: string[] = [];
    const results: Record<string, () => ReconcileResult> = {
      done: () => undefined,
      later: () => ({ requeueAfterMs: 60_000 }),
      soon: () => ({ requeue: true }),
      fails: () => {
        throw new Error("broken");
      },
      hopeless: () => {
        throw terminalError("no such image");
      },
    };
    const { registry, text } = metricsOf();
    const { queue, stop, ended } = start(
      clock,
      (key, { failures }) => {
        runs.push(`${String(clock.monotonicMs())} ${key} ${String(failures)}`);
        return Promise.resolve().then(() => results[key]?.());
      },
      { metrics: registry },
    );
    for (const key of Object.keys(results)) queue.add(key);
    await clock.advance(16);
    expect(runs).toEqual([
      "0 done 0",
      "0 later 0",
      "0 soon 0",
      "0 fails 0",
      "0 hopeless 0",
      "5 soon 1",
      "5 fails 1",
      "15 soon 2",
      "15 fails 2",
    ]);
    expect(await text()).toMatch(/kinglet_controller_reconciles_total\{controller="shop",result="terminal"\} 1/);
    await clock.advance(60_000);
    expect(runs).toContain("60000 later 0");
    stop();
    await ended;
    expect(clock.pendingTimers).toBe(0);
  });

  it("survives whatever a reconciliation throws, also nothing at all, and ends one that takes too long [client K4]", async () => {
    const clock = new ManualClock();
    const runs: string[] = [];
    const { registry, text } = metricsOf();
    const { queue, stop, ended } = start(
      clock,
      async (key, { signal }) => {
        runs.push(key);
        if (key === "undefined") throw undefined; // oxlint-disable-line no-throw-literal, only-throw-error -- what others may do
        if (key === "slow") await sleep(3_600_000, { signal, clock });
      },
      { metrics: registry, reconcileTimeoutMs: 1_000 },
    );
    for (const key of ["undefined", "slow", "next"]) queue.add(key);
    await clock.advance(1_000);
    expect(runs.slice(0, 2)).toEqual(["undefined", "slow"]);
    expect(runs).toContain("next");
    expect(await text()).toMatch(/result="timeout"\} 1/);
    stop();
    await clock.advance(60_000);
    await ended;
  });

  it("takes no key before the informers are complete, and says which one is not [client K6]", async () => {
    const clock = new ManualClock();
    const slow = {
      waitForSync: ({ signal }: { signal?: AbortSignal } = {}) =>
        sleep(3_600_000, { clock, ...(signal === undefined ? {} : { signal }) }),
      status: { state: "waiting", reason: "list failed: forbidden" },
    } as const;
    let runs = 0;
    const { queue, ended } = start(clock, () => Promise.resolve(void runs++), { informers: [synced, slow] });
    queue.add("a");
    const failed = ended.then(
      () => undefined,
      (error: unknown) => error,
    );
    await clock.advance(120_000);
    const error = await failed;
    expect(hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_SYNCED")).toBe(true);
    expect((error as Error).message).toContain("list failed: forbidden");
    expect(runs).toBe(0);
  });

  it("works off what waits when it stops, for 30 s at most [client K7]", async () => {
    for (const [seconds, expected] of [
      [10, 3],
      [20, 2],
    ] as const) {
      const clock = new ManualClock();
      let runs = 0;
      const { queue, stop, ended } = start(clock, async (_key, { signal }) => {
        await sleep(seconds * 1000, { signal, clock });
        runs++;
      });
      for (const key of ["a", "b", "c"]) queue.add(key);
      await clock.advance(1_000);
      stop();
      let isOver = false;
      const over = ended.then(() => (isOver = true));
      await clock.advance(28_999);
      expect(isOver).toBe(false);
      await clock.advance(2_000);
      await over;
      expect(runs).toBe(expected - (seconds === 20 ? 1 : 0));
      expect(clock.pendingTimers).toBe(0);
    }
  });

  it("counts what its queue does [client K9]", async () => {
    const clock = new ManualClock();
    const { registry, text } = metricsOf();
    const queue = new WorkQueue({ name: "shop", clock, metrics: registry });
    const { stop, ended } = start(
      clock,
      async (key) => {
        await sleep(2_000, { clock });
        if (key === "bad") throw new Error("no");
      },
      { queue, metrics: registry },
    );
    for (const key of ["good", "bad", "third"]) queue.add(key);
    await clock.advance(3_000);
    const scraped = await text();
    expect(scraped).toMatch(/kinglet_work_queue_depth\{queue="shop"\} 1/);
    expect(scraped).toMatch(/kinglet_work_queue_adds_total\{queue="shop"\} 3/);
    expect(scraped).toMatch(/kinglet_work_queue_longest_running_seconds\{queue="shop"\} 1/);
    expect(scraped).toMatch(/kinglet_work_queue_unfinished_seconds\{queue="shop"\} 1/);
    expect(scraped).toMatch(/kinglet_work_queue_work_duration_seconds_count\{queue="shop"\} 1/);
    await clock.advance(1_500);
    expect(await text()).toMatch(/kinglet_work_queue_retries_total\{queue="shop"\} 1/);
    stop();
    await clock.advance(10_000);
    await ended;
  });
});

describe("enqueueObjects", () => {
  it("puts live changes before what was there already [client K3]", async () => {
    const queue = new WorkQueue({ name: "q", clock: new ManualClock() });
    const handler = enqueueObjects<KubeObject>(queue);
    const object = (name: string, resourceVersion = "1"): KubeObject => ({
      metadata: { name, namespace: "shop", uid: name, resourceVersion },
    });
    void handler.onAdd?.(object("old"), { isInInitialList: true });
    void handler.onUpdate?.(object("same"), object("same"));
    void handler.onAdd?.(object("new"), { isInInitialList: false });
    void handler.onUpdate?.(object("changed", "2"), object("changed"));
    void handler.onDelete?.(object("gone"), { tombstone: true });
    const taken = [];
    while (queue.size > 0) taken.push(await queue.take());
    expect(taken).toEqual([
      { key: "shop/new", priority: 0 },
      { key: "shop/changed", priority: 0 },
      { key: "shop/gone", priority: 0 },
      { key: "shop/old", priority: LOW_PRIORITY },
      { key: "shop/same", priority: LOW_PRIORITY },
    ]);
  });

  it("finds the owners of an object", () => {
    const owned = {
      metadata: {
        ...{ name: "pod", namespace: "shop", uid: "u", resourceVersion: "1" },
        ownerReferences: [
          { kind: "ReplicaSet", name: "web", controller: true },
          { kind: "ReplicaSet", name: "other" },
          { kind: "Node", name: "n", controller: true },
        ],
      },
    };
    expect([...ownerKeys("ReplicaSet")(owned)]).toEqual(["shop/web"]);
    expect([...ownerKeys("ReplicaSet", { controllerOnly: false })(owned)]).toEqual(["shop/web", "shop/other"]);
    expect([...ownerKeys("Node", { isClusterScoped: true })(owned)]).toEqual(["n"]);
  });
});

describe("findSilentWatches", () => {
  it("names watches that claim to be connected but bring nothing for three minutes [client K8]", async () => {
    const clock = new ManualClock();
    const heard = { lastEventAtMs: clock.now() };
    const watching = { ...heard, status: { state: "watching", reason: "" } } as const;
    const waiting = { ...heard, status: { state: "waiting", reason: "refused" } } as const;
    await clock.advance(180_000);
    expect(findSilentWatches({ pods: watching, nodes: waiting }, clock)).toEqual([]);
    await clock.advance(1);
    expect(findSilentWatches({ pods: watching, nodes: waiting }, clock)).toEqual([
      "pods: watching, but nothing has come for 180 s",
    ]);
  });
});

function metricsOf(): { registry: ReturnType<typeof createMetrics>; text: () => Promise<string> } {
  const registry = createMetrics();
  return { registry, text: async () => (await registry.exposition()).text };
}
