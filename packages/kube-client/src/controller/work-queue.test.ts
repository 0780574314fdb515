import { ManualClock } from "@kinglet/lifecycle";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRateLimiter } from "./rate-limiter.ts";
import { LOW_PRIORITY, WorkQueue } from "./work-queue.ts";

describe("WorkQueue", () => {
  it("gives a key once however often it is added, and again when it was added meanwhile [client K1]", async () => {
    const queue = new WorkQueue({ name: "q", clock: new ManualClock() });
    for (const key of ["a", "b", "a"]) queue.add(key);
    expect(await queue.take()).toEqual({ key: "a", priority: 0 });
    queue.add("a");
    queue.add("a");
    expect((await queue.take())?.key).toBe("b");
    expect(queue.size).toBe(0);
    queue.done("a");
    expect(queue.size).toBe(1);
    expect((await queue.take())?.key).toBe("a");
  });

  it("gives high priorities first, and keeps the higher one and the earlier time of a key [client K3]", async () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ name: "q", clock });
    for (let at = 0; at < 10_000; at++) queue.add(`old-${String(at)}`, { priority: LOW_PRIORITY });
    queue.add("live");
    queue.add("old-7");
    queue.add("live", { priority: LOW_PRIORITY });
    expect([await queue.take(), await queue.take(), await queue.take()].map((one) => one?.key)).toEqual([
      "live",
      "old-7",
      "old-0",
    ]);
    queue.addAfter("late", 5_000, { priority: 5 });
    queue.addAfter("late", 9_000, { priority: 9 });
    queue.addAfter("late", 7_000);
    await clock.advance(4_999);
    expect((await queue.take())?.key).toBe("old-1");
    await clock.advance(1);
    expect(await queue.take()).toEqual({ key: "late", priority: 9 });
  });

  it("gives out what waits after it was shut down, and says when it is drained [client K1]", async () => {
    const queue = new WorkQueue({ name: "q", clock: new ManualClock() });
    queue.add("a");
    queue.addAfter("never", 1_000);
    let isDrained = false;
    const drained = queue.drain().then(() => (isDrained = true));
    queue.add("refused");
    expect((await queue.take())?.key).toBe("a");
    expect(await queue.take()).toBeUndefined();
    await Promise.resolve();
    expect(isDrained).toBe(false);
    queue.done("a");
    await drained;
  });

  it("lets a worker stop waiting", async () => {
    const queue = new WorkQueue({ name: "q", clock: new ManualClock() });
    const stop = new AbortController();
    const waiting = queue.take({ signal: stop.signal });
    stop.abort();
    expect(await waiting).toBeUndefined();
    queue.add("a");
    expect((await queue.take())?.key).toBe("a");
  });

  it("holds one timer and forgets the times of keys that were added before", async () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ name: "q", clock });
    for (let round = 0; round < 1_000; round++) {
      queue.addAfter("a", 1_000_000 - round);
      queue.add("a");
      queue.done((await queue.take())?.key ?? "");
    }
    expect([queue.size, queue.delayed]).toEqual([0, 0]);
    expect(clock.pendingTimers).toBeLessThanOrEqual(1);
    await clock.advance(2_000_000);
    expect(queue.size).toBe(0);
  });

  it("equals an obvious model under any order of calls [client K1]", async () => {
    const call = fc.record({
      does: fc.constantFrom("add", "after", "take", "done", "time"),
      key: fc.constantFrom("a", "b", "c", "d"),
      priority: fc.integer({ min: -1, max: 1 }),
      ms: fc.integer({ min: 1, max: 50 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 80 }), async (calls) => {
        const clock = new ManualClock();
        const queue = new WorkQueue({ name: "q", clock });
        const model = new Model();
        for (const { does, key, priority, ms } of calls) {
          if (does === "add") queue.add(key, { priority });
          else if (does === "after") queue.addAfter(key, ms, { priority });
          else if (does === "done") queue.done(key);
          else if (does === "time") await clock.advance(ms);
          if (does === "take") {
            const expected = model.take();
            if (expected !== undefined) expect(await queue.take()).toEqual(expected);
            else expect(queue.size).toBe(0);
          } else model.call(does, key, priority, ms);
          expect([queue.size, queue.delayed]).toEqual([model.ready.length, model.delayed.length]);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

/** What the queue does, in sorted lists. */
class Model {
  ready: { key: string; priority: number; order: number }[] = [];
  delayed: { key: string; priority: number; atMs: number; order: number }[] = [];
  readonly #processing = new Set<string>();
  readonly #again = new Map<string, number>();
  #nowMs = 0;
  #order = 0;

  call(does: string, key: string, priority: number, ms: number): void {
    if (does === "add") this.#add(key, priority);
    else if (does === "after") this.#addAfter(key, priority, ms);
    else if (does === "done" && this.#processing.delete(key)) {
      const again = this.#again.get(key);
      this.#again.delete(key);
      if (again !== undefined) this.#put(key, again);
    } else if (does === "time") {
      this.#nowMs += ms;
      const due = this.delayed.filter(({ atMs }) => atMs <= this.#nowMs);
      this.delayed = this.delayed.filter(({ atMs }) => atMs > this.#nowMs);
      for (const one of due.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)) this.#put(one.key, one.priority);
    }
  }

  take(): { key: string; priority: number } | undefined {
    const next = this.ready.toSorted((a, b) => b.priority - a.priority || a.order - b.order)[0];
    if (next === undefined) return undefined;
    this.ready = this.ready.filter((one) => one !== next);
    this.#processing.add(next.key);
    return { key: next.key, priority: next.priority };
  }

  #add(key: string, priority: number): void {
    const delayed = this.delayed.find((one) => one.key === key);
    this.delayed = this.delayed.filter((one) => one !== delayed);
    this.#put(key, Math.max(priority, delayed?.priority ?? priority));
  }

  #addAfter(key: string, priority: number, ms: number): void {
    const former = this.delayed.find((one) => one.key === key);
    const order = this.#order++;
    const atMs = this.#nowMs + ms;
    if (former !== undefined) former.priority = Math.max(former.priority, priority);
    if (former === undefined) this.delayed.push({ key, priority, atMs, order });
    else if (atMs < former.atMs) Object.assign(former, { atMs, order });
  }

  #put(key: string, priority: number): void {
    if (this.#processing.has(key)) {
      this.#again.set(key, Math.max(priority, this.#again.get(key) ?? priority));
      return;
    }
    const former = this.ready.find((one) => one.key === key);
    if (former !== undefined && former.priority >= priority) return;
    this.ready = this.ready.filter((one) => one !== former);
    this.ready.push({ key, priority, order: this.#order++ });
  }
}

describe("createRateLimiter", () => {
  it("doubles a key's delay from 5 ms to 1,000 s and starts over when it is forgotten [client K2]", () => {
    const limiter = createRateLimiter({ clock: new ManualClock(), perSecond: Number.POSITIVE_INFINITY });
    const delays = Array.from({ length: 20 }, () => limiter.delayMs("a"));
    expect(delays.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(delays.slice(17)).toEqual([655_360, 1_000_000, 1_000_000]);
    expect([limiter.failures("a"), limiter.delayMs("b")]).toEqual([20, 5]);
    limiter.forget("a");
    expect([limiter.failures("a"), limiter.delayMs("a")]).toEqual([0, 5]);
  });

  it("lets a burst of 100 pass and then 10 a second, all keys together [client K2]", async () => {
    const clock = new ManualClock();
    const limiter = createRateLimiter({ clock });
    const delays = Array.from({ length: 103 }, (_, at) => limiter.delayMs(`key-${String(at)}`));
    expect(delays.slice(99)).toEqual([5, 100, 200, 300]);
    await clock.advance(1_000);
    expect(limiter.delayMs("later")).toBe(5);
  });
});
