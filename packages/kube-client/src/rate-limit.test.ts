import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { RateLimit } from "./rate-limit.ts";

describe("RateLimit", () => {
  it("lets a burst through at once and the rest at its rate, in order [client E4]", async () => {
    const clock = new ManualClock();
    const limit = new RateLimit({ perSecond: 5, burst: 3 }, clock);
    const gone: number[] = [];
    for (let index = 0; index < 6; index++) void limit.take(undefined).then(() => gone.push(index));
    await clock.advance(0);
    expect(gone).toEqual([0, 1, 2]);
    await clock.advance(199);
    expect(gone).toEqual([0, 1, 2]);
    await clock.advance(1);
    expect(gone).toEqual([0, 1, 2, 3]);
    await clock.advance(400);
    expect(gone).toEqual([0, 1, 2, 3, 4, 5]);
    await clock.advance(10_000);
    for (let index = 6; index < 10; index++) void limit.take(undefined).then(() => gone.push(index));
    await clock.advance(0);
    expect(gone).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("stops waiting at the signal [client E4]", async () => {
    const limit = new RateLimit({ perSecond: 1, burst: 1 }, new ManualClock());
    await limit.take(undefined);
    const stop = new AbortController();
    const waiting = limit.take(stop.signal);
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });

  it("gives back the places of those who stopped waiting [client E4]", async () => {
    const clock = new ManualClock();
    const limit = new RateLimit({ perSecond: 1, burst: 1 }, clock);
    await limit.take(undefined);
    const stop = new AbortController();
    const left = Array.from({ length: 500 }, () => limit.take(stop.signal).catch(() => "left"));
    stop.abort(new Error("enough"));
    expect(new Set(await Promise.all(left))).toEqual(new Set(["left"]));
    let isGone = false;
    void limit.take(undefined).then(() => (isGone = true));
    await clock.advance(1000);
    expect(isGone).toBe(true);
  });
});
