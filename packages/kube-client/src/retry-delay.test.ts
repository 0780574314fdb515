import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { RetryDelay } from "./retry-delay.ts";

describe("RetryDelay", () => {
  it("doubles from 800 ms to 30 s, each up to twice as long [client E1]", () => {
    const clock = new ManualClock();
    const low = new RetryDelay(clock, () => 0);
    const high = new RetryDelay(clock, () => 0.999999);
    const delays = Array.from({ length: 8 }, () => low.nextMs());
    expect(delays).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    expect(Array.from({ length: 8 }, () => high.nextMs())).toEqual(delays.map((delay) => delay * 2));
  });

  it("starts over after two quiet minutes [client E1]", async () => {
    const clock = new ManualClock();
    const delay = new RetryDelay(clock, () => 0);
    expect([delay.nextMs(), delay.nextMs()]).toEqual([800, 1600]);
    // Not yet: a wait of up to twice 3,200 ms came in between.
    await clock.advance(126_400);
    expect(delay.nextMs()).toBe(3200);
    await clock.advance(140_000);
    expect(delay.nextMs()).toBe(800);
  });

  it("waits at least as long as the server asks and grows to a higher cap when told", () => {
    const delay = new RetryDelay(new ManualClock(), () => 0);
    expect(delay.nextMs({ atLeastMs: 5000 })).toBe(5000);
    for (let attempt = 0; attempt < 10; attempt++) delay.nextMs({ capMs: 120_000 });
    expect(delay.nextMs({ capMs: 120_000 })).toBe(120_000);
    expect(delay.nextMs()).toBe(30_000);
  });
});
