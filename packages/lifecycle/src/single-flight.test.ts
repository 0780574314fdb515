import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { ManualClock } from "./manual-clock.ts";
import { SingleFlight } from "./single-flight.ts";

describe("SingleFlight", () => {
  it("runs one task for callers that come together, and a new one afterwards", async () => {
    const flights = new SingleFlight<number>();
    let runs = 0;
    const task = async (): Promise<number> => ++runs;
    expect(await Promise.all([flights.run("a", task), flights.run("a", task)])).toEqual([1, 1]);
    expect(flights.size).toBe(0);
    expect(await flights.run("a", task)).toBe(2);
  });

  it("shares a failure and does not remember it", async () => {
    const flights = new SingleFlight<number>();
    let runs = 0;
    const task = async (): Promise<number> => {
      if (++runs === 1) throw new Error("first");
      return runs;
    };
    const results = await Promise.allSettled([flights.run("a", task), flights.run("a", task)]);
    expect(results.map((one) => one.status)).toEqual(["rejected", "rejected"]);
    expect(await flights.run("a", task)).toBe(2);
  });

  it("lets a caller leave without disturbing the others", async () => {
    const flights = new SingleFlight<string>();
    const gate = Promise.withResolvers<string>();
    const controller = new AbortController();
    let taskSignal: AbortSignal | undefined;
    const leaving = flights.run("a", (signal) => ((taskSignal = signal), gate.promise), { signal: controller.signal });
    const staying = flights.run("a", () => gate.promise);
    await Promise.resolve();
    controller.abort(new Error("leaving"));
    await expect(leaving).rejects.toThrow("leaving");
    expect(taskSignal?.aborted).toBe(false);
    gate.resolve("done");
    expect(await staying).toBe("done");
  });

  it("aborts the task when the last caller has left, and starts afresh for the next", async () => {
    const flights = new SingleFlight<string>();
    const controller = new AbortController();
    let taskSignal: AbortSignal | undefined;
    const leaving = flights.run(
      "a",
      (signal) => {
        taskSignal = signal;
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        });
      },
      { signal: controller.signal },
    );
    await Promise.resolve();
    controller.abort(new Error("leaving"));
    await expect(leaving).rejects.toThrow("leaving");
    expect(taskSignal?.reason).toMatchObject({ code: "KINGLET_ERR_LIFECYCLE_STOPPED" });
    expect(flights.size).toBe(0);
    expect(await flights.run("a", () => "fresh")).toBe("fresh");
  });

  it("ends a task that ignores its deadline, for all callers", async () => {
    const clock = new ManualClock();
    const flights = new SingleFlight<string>({ timeoutMs: 1_000, clock });
    const stuck = (): Promise<string> => new Promise(() => {});
    const results = Promise.allSettled([flights.run("a", stuck), flights.run("a", stuck)]);
    await clock.advance(1_000);
    const code = "KINGLET_ERR_LIFECYCLE_TIMEOUT";
    expect(await results).toMatchObject([{ reason: { code } }, { reason: { code } }]);
    expect(flights.size).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("turns a task that throws at once into a rejection", async () => {
    const flights = new SingleFlight<string>();
    const broken = (): string => {
      throw new Error("at once");
    };
    await expect(flights.run("a", broken)).rejects.toThrow("at once");
    expect(flights.size).toBe(0);
  });

  it("never runs two tasks of a key for waiting callers under random interleavings", async () => {
    const call = fc.record({
      key: fc.constantFrom("a", "b"),
      turns: fc.nat(3),
      fails: fc.boolean(),
      leaves: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(call, { maxLength: 20 }), async (scheduler, calls) => {
        const flights = new SingleFlight<number>();
        const active = new Map<string, number>();
        const callers = calls.map(async ({ key, turns, fails, leaves }, index) => {
          await scheduler.schedule(Promise.resolve(), "arrive");
          const controller = new AbortController();
          if (leaves) void scheduler.schedule(Promise.resolve(), "leave").then(() => controller.abort());
          const task = async (signal: AbortSignal): Promise<number> => {
            const abandoned = (): void => void active.set(key, 0);
            signal.addEventListener("abort", abandoned);
            expect(active.get(key) ?? 0).toBe(0);
            active.set(key, 1);
            for (let turn = 0; turn < turns; turn++) await scheduler.schedule(Promise.resolve(), "work");
            if (!signal.aborted) active.set(key, 0);
            if (fails) throw new Error("task");
            return index;
          };
          await flights.run(key, task, { signal: controller.signal }).catch((error: unknown) => {
            expect(leaves || (error as Error).message === "task").toBe(true);
          });
        });
        await scheduler.waitFor(Promise.all(callers));
        await scheduler.waitIdle();
        expect(flights.size).toBe(0);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
