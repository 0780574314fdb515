import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { BoundedQueue, type DropVictim } from "./bounded-queue.ts";

describe("BoundedQueue", () => {
  it("drops the newest by default, counts it and hands it to onDrop", () => {
    const lost: number[] = [];
    const queue = new BoundedQueue<number>({ maxEntries: 2, onDrop: (entry) => lost.push(entry) });
    expect([1, 2, 3].map((entry) => queue.offer(entry))).toEqual([true, true, false]);
    expect(queue).toMatchObject({ size: 2, dropped: 1, isFull: true });
    expect(lost).toEqual([3]);
  });

  it("drops the oldest when told so", async () => {
    const queue = new BoundedQueue<number>({ maxEntries: 2, dropPolicy: "oldest" });
    for (const entry of [1, 2, 3]) queue.offer(entry);
    expect(await queue.take()).toBe(2);
    expect(queue.dropped).toBe(1);
  });

  it("lets a function decide who gives way", () => {
    const queue = new BoundedQueue<number>({
      maxEntries: 1,
      dropPolicy: (arriving): DropVictim => (arriving > 9 ? "oldest" : "newest"),
    });
    expect([1, 2, 10].map((entry) => queue.offer(entry))).toEqual([true, false, true]);
    expect(queue.tryTake()).toBe(10);
    expect(queue.tryTake()).toBeUndefined();
  });

  it("serves takers in order of arrival and loses nothing to one that gave up", async () => {
    const queue = new BoundedQueue<number>({ maxEntries: 1 });
    const controller = new AbortController();
    const first = queue.take({ signal: controller.signal });
    const second = queue.take();
    controller.abort(new Error("gave up"));
    await expect(first).rejects.toThrow("gave up");
    queue.offer(1);
    expect(await second).toBe(1);
    await expect(queue.take({ signal: controller.signal })).rejects.toThrow("gave up");
  });

  it("hands out what it accepted before it closed, then rejects with a code", async () => {
    const queue = new BoundedQueue<number>({ maxEntries: 2 });
    queue.offer(1);
    queue.close();
    expect(queue.offer(2)).toBe(false);
    expect(await queue.take()).toBe(1);
    await expect(queue.take()).rejects.toMatchObject({ code: "KINGLET_ERR_LIFECYCLE_STOPPED" });
    const open = new BoundedQueue<number>({ maxEntries: 1 });
    const waiting = open.take();
    open.close();
    await expect(waiting).rejects.toMatchObject({ code: "KINGLET_ERR_LIFECYCLE_STOPPED" });
  });

  it("keeps order while its ring grows, wraps and is released", () => {
    const queue = new BoundedQueue<number>({ maxEntries: 1_000 });
    let next = 0;
    let expected = 0;
    for (const [offers, takes] of [
      [10, 7],
      [60, 63],
      [20, 5],
      [300, 315],
      [1, 1],
    ] as const) {
      for (let count = 0; count < offers; count++) queue.offer(next++);
      for (let count = 0; count < takes; count++) expect(queue.tryTake()).toBe(expected++);
      expect(queue.size).toBe(next - expected);
    }
    expect(queue).toMatchObject({ size: 0, dropped: 0 });
  });

  it("refuses a bound below one", () => {
    expect(() => new BoundedQueue({ maxEntries: Number.NaN })).toThrow("maxEntries must be a number of at least 1");
  });

  it("behaves like an array with a bound for any sequence of calls", async () => {
    const operation = fc.oneof(
      { weight: 3, arbitrary: fc.constant("offer" as const) },
      { weight: 2, arbitrary: fc.constant("tryTake" as const) },
      { weight: 2, arbitrary: fc.constant("take" as const) },
      { weight: 1, arbitrary: fc.constant("abortedTake" as const) },
    );
    const policy = fc.constantFrom<DropVictim>("newest", "oldest");
    const sequences = fc.array(operation, { maxLength: 200, size: "max" });
    await fc.assert(
      fc.asyncProperty(
        sequences,
        policy,
        fc.integer({ min: 1, max: 40 }),
        async (operations, dropPolicy, maxEntries) => {
          const queue = new BoundedQueue<number>({ maxEntries, dropPolicy });
          const model: number[] = [];
          const taken: Promise<number>[] = [];
          const expected: number[] = [];
          let waiting = 0;
          let dropped = 0;
          let next = 0;
          for (const one of operations) {
            if (one === "offer") {
              const entry = next++;
              if (waiting > 0) {
                waiting--;
                expected.push(entry);
              } else if (model.length < maxEntries) model.push(entry);
              else {
                dropped++;
                if (dropPolicy === "oldest") {
                  model.shift();
                  model.push(entry);
                }
              }
              queue.offer(entry);
            } else if (one === "tryTake") expect(queue.tryTake()).toBe(model.shift());
            else if (one === "take") {
              taken.push(queue.take());
              const head = model.shift();
              if (head === undefined) waiting++;
              else expected.push(head);
            } else if (model.length === 0) {
              const controller = new AbortController();
              const pending = queue.take({ signal: controller.signal });
              controller.abort(new Error("gave up"));
              await expect(pending).rejects.toThrow("gave up");
            }
            expect(queue.size).toBe(model.length);
            expect(queue.dropped).toBe(dropped);
          }
          queue.close();
          const results = await Promise.allSettled(taken);
          expect(results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []))).toEqual(expected);
          expect(results.length - expected.length).toBe(waiting);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });
});
