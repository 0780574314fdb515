import { getEventListeners } from "node:events";

import { describe, expect, it } from "vitest";

import { systemClock } from "./clock.ts";
import { ManualClock } from "./manual-clock.ts";
import { sleep } from "./sleep.ts";

describe("sleep", () => {
  it("ends when the time is up and takes back its listener", async () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    const done = sleep(10, { clock, signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await clock.advance(10);
    await done;
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("ends at once with the signal's reason", async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const done = sleep(10, { clock, signal: controller.signal });
    controller.abort(new Error("stop"));
    await expect(done).rejects.toThrow("stop");
    expect(clock.pendingTimers).toBe(0);
    await expect(sleep(10, { clock, signal: controller.signal })).rejects.toThrow("stop");
  });
});

describe("systemClock", () => {
  it("runs a timer, and not one that was cancelled", async () => {
    const before = systemClock.monotonicMs();
    systemClock.startTimer(() => expect.unreachable(), 1).cancel();
    const idle = systemClock.startTimer(() => {}, 2 ** 31 - 1);
    idle.unref();
    idle.cancel();
    await sleep(5);
    expect(systemClock.monotonicMs()).toBeGreaterThan(before);
    expect(systemClock.now()).toBeGreaterThan(1_767_225_600_000);
  });
});
