import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { DedupTextHashes } from "./dedup-text-hashes.ts";

const hashOf = (hashes: DedupTextHashes, text: string): string => {
  hashes.find(text);
  return `${hashes.a},${hashes.b}`;
};

describe("DedupTextHashes", () => {
  it("gives the hash of a text that was never asked for before, whatever it remembers [profile 5.10]", () => {
    // Of one place or not, short and long, of one and of two bytes a character.
    const text = fc.oneof(
      fc.tuple(fc.nat(30), fc.nat(30)).map(([n, m]) => `/srv/${n}x${m}/${"common".repeat(n % 3)}/name.txt`),
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.nat(3).map((n) => "\u4e00".repeat(250 + 2 * n)),
      fc.constantFrom("", "a", "b", "abcd", "abcde", "abcdf", "\u0161bcde", "abcd\0", "\0abcd"),
    );
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 60 }), (texts) => {
        const hashes = new DedupTextHashes(1, 2);
        for (const one of [...texts, ...texts, ...texts.toReversed()]) {
          expect(hashOf(hashes, one)).toBe(hashOf(new DedupTextHashes(1, 2), one));
          expect([undefined, one]).toContain(hashes.copyOf(one));
        }
      }),
      { seed: 1, numRuns: 40 },
    );
  });

  it("gives 300,000 texts that are much alike hashes of which all of 64 bits differ", () => {
    const hashes = new DedupTextHashes(5, 7);
    const seen = new Set<bigint>();
    const count = 300_000;
    for (let n = 0; n < count; n++) {
      // Digits and places of a slash, up to 13 characters.
      hashes.find(`${n >> 4}/${"0".repeat(n & 7)}${(n >> 3) & 1}`);
      seen.add((BigInt(hashes.a) << 32n) ^ BigInt.asUintN(32, BigInt(hashes.b)));
    }
    expect(seen.size).toBe(count);
  });

  it("remembers copies, so that no large text stays alive behind a piece of it", () => {
    const hashes = new DedupTextHashes(1, 2);
    const used = (): number => {
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    };
    const before = used();
    for (let n = 0; n < 200; n++) {
      const piece = `${n}${"x".repeat(200_000)}`.slice(0, 100 + (n % 50));
      for (let again = 0; again < 3; again++) hashes.find(piece);
      expect(hashes.copyOf(piece)).toBe(piece);
    }
    expect(used() - before).toBeLessThan(8_000_000);
  });
});
