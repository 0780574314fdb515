import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scale, scaleUnlessChanged } from "./scale.ts";

const mi = 1_048_576;

describe("scale", () => {
  it.each([
    ["128Mi", 3200],
    [String(128 * mi), 3200],
    ["256Mi", 6400],
    ["500Mi", 12_500],
    ["4000Mi", 100_000],
    ["8Gi", 204_800],
    ["16Gi", 300_000],
    ["-5", 1],
    ["1", 1],
  ])("[memory M-1] gives for 100,000 at a limit of %s: %d", (limit, expected) => {
    expect(scale(100_000, { limit })).toEqual({ value: expected });
  });

  it("[memory M-1] leaves the size alone without a limit", () => {
    expect(scale(100, { limit: undefined })).toEqual({ value: 100 });
    expect(scale(100, { limit: "" })).toEqual({ value: 100 });
  });

  it("[memory M-1] leaves the size alone and says why for a limit that is no number, or 0", () => {
    for (const limit of ["many", "1.5", "12 Mi", "0x10", "1e9", "128mi"]) {
      expect(scale(100, { limit })).toMatchObject({ value: 100, error: { code: "KINGLET_ERR_MEMORY_LIMIT_INVALID" } });
    }
    for (const limit of ["0", 0, "0Mi"]) {
      expect(scale(100, { limit })).toMatchObject({ value: 100, error: { code: "KINGLET_ERR_MEMORY_LIMIT_ZERO" } });
    }
  });

  it("[memory M-1] agrees with the rule for every size, limit and ceiling", () => {
    const limits = fc.integer({ min: -1000, max: 2 ** 40 }).filter((limit) => limit !== 0);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000 }),
        limits,
        fc.integer({ min: 1, max: 9 }),
        (n, limit, ceiling) => {
          let scaled = Math.round((limit / 4_194_304_000) * n);
          if (scaled <= 0) scaled = 1;
          expect(scale(n, { limit: String(limit), ceiling })).toEqual({ value: Math.min(scaled, ceiling * n) });
          expect(scale(n, { limit, ceiling })).toEqual({ value: Math.min(scaled, ceiling * n) });
        },
      ),
      { seed: 1, numRuns: 2000 },
    );
  });
});

describe("scaleUnlessChanged", () => {
  it("[memory M-1] keeps a size that somebody chose, and scales the default", () => {
    expect(scaleUnlessChanged(7, 100_000, { limit: "128Mi" })).toEqual({ value: 7 });
    expect(scaleUnlessChanged(100_000, 100_000, { limit: "128Mi" })).toEqual({ value: 3200 });
    expect(scaleUnlessChanged(100_000, 100_000, { limit: "x" })).toMatchObject({
      value: 100_000,
      error: { retryable: false },
    });
  });
});
