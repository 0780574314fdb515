import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createBackoff } from "./backoff.ts";

describe("createBackoff", () => {
  it("doubles up to the maximum and starts over after reset", () => {
    const backoff = createBackoff({ initialMs: 100, maxMs: 1_000, jitter: 0 });
    expect(Array.from({ length: 6 }, () => backoff.nextDelayMs())).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(backoff.attempt).toBe(6);
    backoff.reset();
    expect(backoff.attempt).toBe(0);
    expect(backoff.nextDelayMs()).toBe(100);
  });

  it("spreads delays below the ceiling by the jitter", () => {
    const backoff = createBackoff({ initialMs: 1_000, maxMs: 1_000, random: () => 0.5 });
    expect(backoff.nextDelayMs()).toBe(750);
  });

  it("stays inside its interval for any settings, however often it is asked", () => {
    const settings = fc.record({
      initialMs: fc.integer({ min: 1, max: 1_000 }),
      extraMs: fc.nat(100_000),
      factor: fc.double({ min: 1, max: 1e6, noNaN: true }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      draws: fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1, maxLength: 50 }),
    });
    fc.assert(
      fc.property(settings, ({ initialMs, extraMs, factor, jitter, draws }) => {
        const maxMs = initialMs + extraMs;
        let index = 0;
        const random = (): number => draws[index++ % draws.length] ?? 0;
        const backoff = createBackoff({ initialMs, maxMs, factor, jitter, random });
        let ceilingMs = initialMs;
        for (let attempt = 0; attempt < 100; attempt++) {
          const delayMs = backoff.nextDelayMs();
          expect(delayMs).toBeLessThanOrEqual(Math.ceil(ceilingMs));
          expect(delayMs).toBeGreaterThanOrEqual(Math.floor(ceilingMs * (1 - jitter)));
          ceilingMs = Math.min(maxMs, ceilingMs * factor);
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("refuses settings that make no sense", () => {
    const code = "KINGLET_ERR_LIFECYCLE_INVALID_OPTION";
    expect(() => createBackoff({ initialMs: 0, maxMs: 1 })).toThrow(expect.objectContaining({ code }));
    expect(() => createBackoff({ initialMs: 2, maxMs: 1 })).toThrow(expect.objectContaining({ code }));
    expect(() => createBackoff({ initialMs: 1, maxMs: 1, jitter: 2 })).toThrow(expect.objectContaining({ code }));
    expect(() => createBackoff({ initialMs: 1, maxMs: 1, factor: 0.5 })).toThrow(expect.objectContaining({ code }));
  });
});
