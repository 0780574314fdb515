import { describe, expect, it } from "vitest";

import { createBackoff } from "./backoff.ts";
import { ManualClock } from "./manual-clock.ts";
import { runSupervised, type SupervisedOptions } from "./run-supervised.ts";
import { sleep } from "./sleep.ts";

interface Setup {
  readonly clock: ManualClock;
  readonly controller: AbortController;
  readonly crashes: [string, number, string][];
  readonly options: Omit<SupervisedOptions, "run">;
}

function setUp(): Setup {
  const clock = new ManualClock();
  const controller = new AbortController();
  const crashes: [string, number, string][] = [];
  return {
    clock,
    controller,
    crashes,
    options: {
      name: "reader",
      signal: controller.signal,
      clock,
      backoff: createBackoff({ initialMs: 100, maxMs: 1_000, jitter: 0 }),
      onCrash: (error, delayMs, name) => crashes.push([(error as Error).message, delayMs, name]),
    },
  };
}

describe("runSupervised", () => {
  it("restarts with growing delays until the run returns", async () => {
    const { clock, crashes, options } = setUp();
    let runs = 0;
    const run = async (): Promise<void> => {
      if (++runs < 4) throw new Error(`crash ${runs}`);
    };
    const done = runSupervised({ ...options, run });
    await clock.advance(700);
    await done;
    expect(runs).toBe(4);
    expect(crashes).toEqual([
      ["crash 1", 100, "reader"],
      ["crash 2", 200, "reader"],
      ["crash 3", 400, "reader"],
    ]);
  });

  it("starts the back-off over after a run that lived long", async () => {
    const { clock, controller, crashes, options } = setUp();
    const livesMs = [0, 0, 60_000, 0];
    let runs = 0;
    const run = async (signal: AbortSignal): Promise<void> => {
      await sleep(livesMs[runs++] ?? 0, { signal, clock });
      throw new Error("crash");
    };
    const done = runSupervised({ ...options, run });
    await clock.advance(60_500);
    controller.abort();
    await done;
    expect(crashes.slice(0, 4).map(([, delayMs]) => delayMs)).toEqual([100, 200, 100, 200]);
  });

  it("ends while it waits, leaving no timer", async () => {
    const { clock, controller, options } = setUp();
    const done = runSupervised({ ...options, run: () => Promise.reject(new Error("crash")) });
    await clock.advance(0);
    expect(clock.pendingTimers).toBe(1);
    controller.abort();
    await done;
    expect(clock.pendingTimers).toBe(0);
  });

  it("takes what a run throws after the signal as part of stopping", async () => {
    const { clock, controller, crashes, options } = setUp();
    const done = runSupervised({ ...options, run: (signal) => sleep(1_000, { signal, clock }) });
    controller.abort(new Error("stop"));
    await done;
    expect(crashes).toEqual([]);
  });

  it("does not start at all when the signal fired before", async () => {
    const { options } = setUp();
    let runs = 0;
    const run = async (): Promise<void> => void runs++;
    await runSupervised({ ...options, run, signal: AbortSignal.abort() });
    expect(runs).toBe(0);
  });

  it("rejects with a fatal error unchanged", async () => {
    const { options, crashes } = setUp();
    const fatal = new Error("no such file");
    const done = runSupervised({ ...options, run: () => Promise.reject(fatal), isFatal: (error) => error === fatal });
    await expect(done).rejects.toBe(fatal);
    expect(crashes).toEqual([]);
  });
});
