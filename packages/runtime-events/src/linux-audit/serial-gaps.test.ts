import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SerialGaps, type SerialLoss } from "./serial-gaps.ts";

function open(): { gaps: SerialGaps; losses: SerialLoss[]; lost: () => number } {
  const losses: SerialLoss[] = [];
  const gaps = new SerialGaps((loss) => losses.push(loss));
  return { gaps, losses, lost: () => losses.reduce((sum, loss) => sum + loss.count, 0) };
}

describe("SerialGaps", () => {
  it("counts numbers that never came, with the times around them", () => {
    const { gaps, losses } = open();
    gaps.seen(1, 1000);
    gaps.seen(5, 2000);
    gaps.settle(6999);
    expect(losses).toEqual([]);
    gaps.settle(7000);
    expect(losses).toEqual([{ count: 3, fromMs: 1000, untilMs: 2000 }]);
    gaps.settle(60_000);
    expect(losses).toHaveLength(1);
  });

  it("counts nothing when numbers only overtake each other, in whatever order", () => {
    const serials = Array.from({ length: 200 }, (_, at) => 1000 + at);
    fc.assert(
      fc.property(fc.shuffledSubarray(serials, { minLength: 200 }), (shuffled) => {
        const { gaps, lost } = open();
        gaps.seen(999, 0);
        for (const serial of shuffled) gaps.seen(serial, 10);
        gaps.settle(1_000_000);
        expect(lost()).toBe(0);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it("counts exactly what is missing, however the rest is mixed and repeated [linux-audit losses]", () => {
    const serials = Array.from({ length: 300 }, (_, at) => at + 1);
    fc.assert(
      fc.property(fc.shuffledSubarray(serials, { minLength: 1 }), (arrived) => {
        const { gaps, lost } = open();
        gaps.seen(0, 0);
        for (const serial of arrived) {
          gaps.seen(serial, 10);
          gaps.seen(serial, 10);
        }
        gaps.seen(301, 20);
        gaps.settle(1_000_000);
        expect(lost()).toBe(300 - arrived.length);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("counts a long gap at once, and holds a bounded number of them", () => {
    const { gaps, lost } = open();
    gaps.seen(1, 0);
    gaps.seen(20_001, 10);
    expect(lost()).toBe(19_999);
    for (let serial = 20_003; serial < 60_000; serial += 2) gaps.seen(serial, 11);
    expect(gaps.pending).toBeLessThanOrEqual(1024);
  });

  it("begins anew after a boot, and at a number that cannot be a gap", () => {
    const { gaps, lost } = open();
    gaps.seen(50_000, 0);
    gaps.seen(3, 100_000);
    gaps.seen(4, 100_001);
    gaps.seen(4_000_000_000, 100_002);
    gaps.seen(5, 100_003);
    gaps.settle(1_000_000);
    expect(lost()).toBe(0);
  });
});
