import { describe, expect, it } from "vitest";
import { heapTrend, type HeapSample } from "./heap-trend.ts";

function samples(bytesAt: (minute: number) => number): HeapSample[] {
  return Array.from({ length: 31 }, (_value, minute) => ({ atMs: minute * 60_000, bytes: bytesAt(minute) }));
}

describe("heapTrend", () => {
  it("is the growth per 10 minutes after warm-up", () => {
    expect(heapTrend(samples((minute) => (minute < 10 ? minute * 1e6 : 1e8)))).toBeCloseTo(0, 6);
    expect(heapTrend(samples((minute) => 1e8 + minute * 1e5))).toBeCloseTo(0.0098, 3);
    const settles = samples((minute) => 1e8 + Math.min(minute, 20) * 1e6);
    expect(heapTrend(settles)).toBeGreaterThan(0.02);
    expect(heapTrend(settles, 20 * 60_000)).toBeCloseTo(0, 6);
    expect(
      heapTrend(
        samples((minute) => 1e8 + minute * 1e6),
        20 * 60_000,
      ),
    ).toBeGreaterThan(0.07);
  });

  it("is undefined with too few samples", () => {
    expect(heapTrend([])).toBeUndefined();
    expect(heapTrend(samples(() => 1).slice(0, 2))).toBeUndefined();
  });
});
