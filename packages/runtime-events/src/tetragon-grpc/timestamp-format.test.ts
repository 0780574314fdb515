import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TimestampFormat } from "./timestamp-format.ts";

describe("TimestampFormat", () => {
  it("writes what Date writes, with 0, 3, 6 or 9 digits behind the second [tetragon-grpc D10]", () => {
    const times = new TimestampFormat();
    const seconds = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 });
    fc.assert(
      fc.property(seconds, fc.integer({ min: 0, max: 999_999_999 }), (second, nanos) => {
        const text = times.format(second, nanos);
        expect(text.slice(0, 19)).toBe(new Date(second * 1000).toISOString().slice(0, 19));
        expect(Number(`0.${/\.(\d+)Z$/.exec(text)?.[1] ?? "0"}`)).toBeCloseTo(nanos / 1e9, 9);
      }),
      { seed: 1, numRuns: 1000 },
    );
    expect([0, 5e8, 1000, 1].map((nanos) => times.format(0, nanos))).toEqual([
      "1970-01-01T00:00:00Z",
      "1970-01-01T00:00:00.500Z",
      "1970-01-01T00:00:00.000001Z",
      "1970-01-01T00:00:00.000000001Z",
    ]);
  });

  it("is empty for what is no time [tetragon-grpc D10]", () => {
    const times = new TimestampFormat();
    const impossible: [number, number][] = [
      [253_402_300_800, 0],
      [-62_135_596_801, 0],
      [0, -1],
      [0, 1e9],
      [Number.NaN, 0],
    ];
    expect(impossible.map(([seconds, nanos]) => times.format(seconds, nanos))).toEqual(["", "", "", "", ""]);
  });
});
