import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { formatQuantity, tryParseBytes, tryParseDuration } from "./quantity.ts";

describe("tryParseDuration", () => {
  it.each([
    ["30s", 30_000],
    ["1h30m", 5_400_000],
    ["1.5s", 1_500],
    ["250ms", 250],
    ["1d", 86_400_000],
    ["1.1h", 3_960_000],
    ["42", 42],
    ["-5", -5],
    ["", undefined],
    ["s", undefined],
    ["5x", undefined],
    ["5s ", undefined],
  ])("reads %j as %j", (text, ms) => {
    expect(tryParseDuration(text)).toBe(ms);
  });

  it("reads back what is shown", () => {
    fc.assert(
      fc.property(fc.nat(10_000_000_000), (ms) => {
        expect(tryParseDuration(formatQuantity(ms, "ms"))).toBe(ms);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe("tryParseBytes", () => {
  it.each([
    ["128Mi", 134_217_728],
    ["1.5Gi", 1_610_612_736],
    ["500k", 500_000],
    ["10B", 10],
    ["7", 7],
    ["1.1k", 1_100],
    ["12mb", undefined],
    ["", undefined],
  ])("reads %j as %j", (text, bytes) => {
    expect(tryParseBytes(text)).toBe(bytes);
  });

  it("reads back what is shown", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), fc.constantFrom(1, 1024, 1000, 2 ** 20), (count, factor) => {
        const bytes = count * factor;
        expect(tryParseBytes(formatQuantity(bytes, "bytes"))).toBe(bytes);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
