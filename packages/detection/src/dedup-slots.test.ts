import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { DedupSlots } from "./dedup-slots.ts";

const slotsLog2 = 4;

/** The obvious version: what fell into a slot last, and until when, in numbers that do not wrap. */
class Oracle {
  readonly #held = new Map<number, { readonly key: string; readonly until: number }>();

  isHeld(high: number, low: number, now: number, life: number): boolean {
    const slot = low & (2 ** slotsLog2 - 1);
    const key = `${high},${low >>> 16}`;
    const held = this.#held.get(slot);
    if (held?.key === key && held.until > now && held.until - now <= life) return true;
    this.#held.set(slot, { key, until: now + life });
    return false;
  }
}

describe("DedupSlots", () => {
  it("answers as the obvious version does, over the wrap of 16 bits and of 32 bits [profile 5.10]", () => {
    const word = fc.constantFrom(0, 1, 2, 16, 0x10000, 0x20000, 0x7fffffff, -1, -2147483648, 0xffff);
    const step = fc.constantFrom(
      0,
      1,
      77,
      78,
      79,
      155,
      156,
      157,
      400,
      31_999,
      32_000,
      32_600,
      32_601,
      65_535,
      65_536,
      70_000,
    );
    const call = fc.record({ high: word, low: word, step, life: fc.constantFrom(78, 156) });
    fc.assert(
      fc.property(
        fc.array(call, { maxLength: 120 }),
        // Where a counter of buckets wraps, too.
        fc.constantFrom(0, 65_000, 2 ** 31 - 300_000, 27_812_500_000),
        (calls, start) => {
          const slots = new DedupSlots(slotsLog2);
          const oracle = new Oracle();
          let now = start;
          for (const { high, low, step: passed, life } of calls) {
            now += passed;
            // A slot of zeros is an empty one, so a key of zeros stands as another one.
            const first = (high | (low & 0xffff0000)) === 0 ? 1 : high;
            const expected = oracle.isHeld(first, low, now, life);
            expect(slots.isHeld(high, low, now | 0, life)).toBe(expected);
          }
        },
      ),
      { seed: 1, numRuns: 1_000 },
    );
  });
});
