import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";

import { GroupedSync } from "./grouped-sync.ts";

interface Bench {
  readonly clock: ManualClock;
  readonly grouped: GroupedSync;
  /** Monotonic time of each sync. */
  readonly syncs: number[];
  readonly results: unknown[];
  isNeeded: boolean;
  /** What the next sync waits for. */
  disk: () => Promise<void>;
}

function openBench(): Bench {
  const clock = new ManualClock();
  const bench: Bench = {
    clock,
    syncs: [],
    results: [],
    isNeeded: true,
    disk: () => Promise.resolve(),
    grouped: new GroupedSync({
      clock,
      intervalMs: 1_000,
      isNeeded: () => bench.isNeeded,
      sync: () => {
        bench.syncs.push(clock.monotonicMs());
        return bench.disk();
      },
      onResult: (error) => bench.results.push(error),
    }),
  };
  return bench;
}

describe("GroupedSync", () => {
  it("syncs once for all that is written within a second, and has no timer afterwards [sinks D-7]", async () => {
    const { grouped, clock, syncs } = openBench();
    const fromMs = clock.monotonicMs();
    for (let count = 0; count < 100; count++) {
      grouped.written();
      await clock.advance(10);
    }
    expect([syncs, clock.pendingTimers]).toEqual([[fromMs + 1_000], 0]);
    grouped.written();
    await clock.advance(1_000);
    expect([syncs.length, clock.pendingTimers]).toEqual([2, 0]);
  });

  it("does not sync what does not matter any more [sinks D-7]", async () => {
    const bench = openBench();
    bench.grouped.written();
    bench.grouped.settled();
    expect(bench.clock.pendingTimers).toBe(0);
    bench.grouped.written();
    bench.isNeeded = false;
    await bench.clock.advance(1_000);
    await bench.grouped.close();
    expect([bench.syncs, bench.clock.pendingTimers]).toEqual([[], 0]);
  });

  it("never syncs twice at a time on a slow disk, and syncs again what came meanwhile [sinks D-7]", async () => {
    const bench = openBench();
    const { promise, resolve } = Promise.withResolvers<void>();
    bench.disk = () => promise;
    bench.grouped.written();
    await bench.clock.advance(1_000);
    bench.grouped.written();
    await bench.clock.advance(60_000);
    expect(bench.syncs).toHaveLength(1);
    resolve();
    await bench.clock.advance(999);
    expect(bench.syncs).toHaveLength(1);
    await bench.clock.advance(1);
    expect([bench.syncs.length, bench.clock.pendingTimers]).toEqual([2, 0]);
  });

  it("tells of a disk that cannot be synced, and goes on [sinks D-7]", async () => {
    const bench = openBench();
    const error = new Error("EIO");
    bench.disk = () => Promise.reject(error);
    bench.grouped.written();
    await bench.clock.advance(1_000);
    bench.disk = () => Promise.resolve();
    bench.grouped.written();
    await bench.clock.advance(1_000);
    expect(bench.results).toEqual([error, undefined]);
  });

  it("tries again what could not be synced, each interval while it is needed [sinks D-7]", async () => {
    const bench = openBench();
    const error = new Error("EIO");
    bench.disk = () => Promise.reject(error);
    bench.grouped.written();
    await bench.clock.advance(3_000);
    expect(bench.results).toEqual([error, error, error]);
    bench.disk = () => Promise.resolve();
    await bench.clock.advance(1_000);
    expect([bench.results.slice(3), bench.clock.pendingTimers]).toEqual([[undefined], 0]);
    // Not of what does not matter any more, and not after the end.
    for (const isNeeded of [false, true]) {
      bench.syncs.length = 0;
      bench.isNeeded = true;
      const { promise, reject } = Promise.withResolvers<void>();
      bench.disk = () => promise;
      bench.grouped.written();
      await bench.clock.advance(1_000);
      bench.isNeeded = isNeeded;
      const closed = isNeeded ? bench.grouped.close() : undefined;
      reject(error);
      await closed;
      await bench.clock.advance(10_000);
      expect([bench.syncs.length, bench.clock.pendingTimers]).toEqual([isNeeded ? 2 : 1, 0]);
    }
  });

  it("syncs at the end what is needed, without waiting for its time [sinks D-7]", async () => {
    const bench = openBench();
    bench.grouped.written();
    await bench.grouped.close();
    expect([bench.syncs.length, bench.clock.pendingTimers]).toEqual([1, 0]);
  });
});
