import { describe, expect, it } from "vitest";

import { ManualClock } from "./manual-clock.ts";
import { sleep } from "./sleep.ts";

describe("ManualClock", () => {
  it("runs timers in order of due time, ties in order of start, and shows their due time", async () => {
    const clock = new ManualClock({ now: 1_000 });
    const log: string[] = [];
    const note = (name: string) => (): void => void log.push(`${name}@${clock.now()}`);
    clock.startTimer(note("late"), 30);
    clock.startTimer(note("tie 1"), 10);
    clock.startTimer(note("tie 2"), 10);
    expect(clock.nextTimerInMs).toBe(10);
    await clock.advance(100);
    expect(log).toEqual(["tie 1@1010", "tie 2@1010", "late@1030"]);
    expect([clock.now(), clock.monotonicMs(), clock.pendingTimers]).toEqual([1_100, 100, 0]);
  });

  it("runs timers that promises start on the way", async () => {
    const clock = new ManualClock();
    let rounds = 0;
    const loop = async (): Promise<void> => {
      for (; rounds < 3; rounds++) await sleep(10, { clock });
    };
    const done = loop();
    await clock.advance(30);
    await done;
    expect(rounds).toBe(3);
  });

  it("never calls a cancelled timer", async () => {
    const clock = new ManualClock();
    const timer = clock.startTimer(() => expect.unreachable(), 1);
    timer.unref();
    timer.cancel();
    timer.cancel();
    expect(clock.nextTimerInMs).toBeUndefined();
    await clock.advance(10);
  });

  it("moves the wall clock without touching monotonic time", () => {
    const clock = new ManualClock();
    clock.setNow(5);
    expect([clock.now(), clock.monotonicMs()]).toEqual([5, 0]);
  });
});
