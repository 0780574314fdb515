import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { KeyedMutex } from "./keyed-mutex.ts";

describe("KeyedMutex", () => {
  it("returns the task's value and forgets the key", async () => {
    const mutex = new KeyedMutex();
    const pending = mutex.runExclusive("a", async () => 7);
    expect(mutex.size).toBe(1);
    expect(await pending).toBe(7);
    expect(mutex.size).toBe(0);
  });

  it("frees the key when a task throws", async () => {
    const mutex = new KeyedMutex();
    await expect(mutex.runExclusive("a", () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(await mutex.runExclusive("a", () => "next")).toBe("next");
  });

  it("never starts the task of a caller that gave up waiting, and serves those behind it", async () => {
    const mutex = new KeyedMutex();
    const controller = new AbortController();
    const gate = Promise.withResolvers<void>();
    const log: string[] = [];
    const first = mutex.runExclusive("a", () => gate.promise);
    const second = mutex.runExclusive("a", () => log.push("second"), { signal: controller.signal });
    const third = mutex.runExclusive("a", () => log.push("third"));
    controller.abort(new Error("gave up"));
    await expect(second).rejects.toThrow("gave up");
    gate.resolve();
    await Promise.all([first, third]);
    expect(log).toEqual(["third"]);
    expect(mutex.size).toBe(0);
  });

  it("rejects at once when the signal fired before", async () => {
    const mutex = new KeyedMutex();
    await expect(mutex.runExclusive("a", () => 1, { signal: AbortSignal.abort(new Error("over")) })).rejects.toThrow(
      "over",
    );
    expect(mutex.size).toBe(0);
  });

  it("does not start a task whose signal fires between hand-over and start", async () => {
    const mutex = new KeyedMutex();
    const controller = new AbortController();
    let isStarted = false;
    const pending = mutex.runExclusive("a", () => (isStarted = true), { signal: controller.signal });
    controller.abort(new Error("late"));
    await expect(pending).rejects.toThrow("late");
    expect(isStarted).toBe(false);
    expect(mutex.size).toBe(0);
  });

  it("keeps tasks of a key apart and in order under random interleavings", async () => {
    const step = fc.record({
      key: fc.constantFrom("a", "b", "c"),
      turns: fc.nat(4),
      fails: fc.boolean(),
      givesUp: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(step, { maxLength: 25 }), async (scheduler, steps) => {
        const mutex = new KeyedMutex();
        const running = new Map<string, number>();
        const started = new Map<string, number[]>();
        const outcomes = steps.map(({ key, turns, fails, givesUp }, index) => {
          const controller = new AbortController();
          if (givesUp) void scheduler.schedule(Promise.resolve(), "abort").then(() => controller.abort());
          return mutex
            .runExclusive(
              key,
              async () => {
                expect(running.get(key) ?? 0).toBe(0);
                running.set(key, 1);
                started.set(key, [...(started.get(key) ?? []), index]);
                for (let turn = 0; turn < turns; turn++) await scheduler.schedule(Promise.resolve(), "work");
                running.set(key, 0);
                if (fails) throw new Error("task");
              },
              { signal: controller.signal },
            )
            .catch(() => {});
        });
        await scheduler.waitFor(Promise.all(outcomes));
        for (const order of started.values()) expect(order).toEqual(order.toSorted((a, b) => a - b));
        const startedCount = [...started.values()].flat().length;
        expect(startedCount).toBeGreaterThanOrEqual(steps.filter((one) => !one.givesUp).length);
        expect(mutex.size).toBe(0);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
