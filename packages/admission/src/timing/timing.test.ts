import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { callerTimeoutMs, Deadline, usableMs } from "./deadline.ts";
import { LoopLag } from "./loop-lag.ts";

/** A clock whose timers run late: as if the event loop had been busy. */
class BusyClock extends ManualClock {
  #delayMs = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + this.#delayMs;
  }

  /** Time passes in which nothing runs. */
  block(ms: number): void {
    this.#delayMs += ms;
  }
}

describe("LoopLag", () => {
  it("says now while the loop turns", async () => {
    const clock = new BusyClock();
    using lag = new LoopLag(clock);
    lag.touch();
    for (let step = 0; step < 20; step++) {
      await clock.advance(7);
      expect(lag.arrivalMs()).toBe(clock.monotonicMs());
    }
  });

  it("takes what is seen after a stall to have arrived when it began, before and after the late beat", async () => {
    const clock = new BusyClock();
    using lag = new LoopLag(clock);
    lag.touch();
    await clock.advance(25);
    const freeMs = clock.monotonicMs();
    clock.block(3000);
    expect(lag.arrivalMs()).toBe(freeMs);
    await clock.advance(25);
    expect(lag.arrivalMs()).toBe(freeMs);
    await clock.advance(25);
    expect(lag.arrivalMs()).toBe(clock.monotonicMs());
  });

  it("has no timer a second after the last request", async () => {
    const clock = new BusyClock();
    using lag = new LoopLag(clock);
    expect(clock.pendingTimers).toBe(0);
    lag.touch();
    await clock.advance(1100);
    expect(clock.pendingTimers).toBe(0);
    clock.block(5000);
    expect(lag.arrivalMs()).toBe(clock.monotonicMs());
  });
});

describe("callerTimeoutMs", () => {
  it.each([
    ["timeout=5s", 5000],
    ["a=b&timeout=30s", 30_000],
    ["timeout=100s", 30_000],
    ["timeout=500ms", 500],
    ["timeout=0s", 10_000],
    ["timeout=-1s", 10_000],
    ["timeout=5", 10_000],
    ["", 10_000],
  ])("reads %j", (query, expected) => {
    expect(callerTimeoutMs(query, 10_000)).toBe(expected);
  });
});

describe("usableMs", () => {
  it("leaves 250 ms, and of less than a second a quarter [admission A-2]", () => {
    expect([usableMs(10_000), usableMs(1000), usableMs(400)]).toEqual([9750, 750, 300]);
  });
});

describe("Deadline", () => {
  it("has no timer before somebody waits, and none afterwards", async () => {
    const clock = new ManualClock();
    {
      using deadline = new Deadline(500, clock);
      expect(deadline.remainingMs()).toBe(500);
      expect(clock.pendingTimers).toBe(0);
      expect(deadline.signal.aborted).toBe(false);
      await clock.advance(500);
      expect(deadline.signal.aborted).toBe(true);
    }
    {
      using deadline = new Deadline(5000, clock);
      expect(deadline.signal.aborted).toBe(false);
    }
    expect(clock.pendingTimers).toBe(0);
  });
});
