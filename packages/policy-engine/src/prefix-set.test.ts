import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { PrefixSet } from "./prefix-set.ts";

/** The obvious version: one after the other. */
function isCovered(prefixes: readonly string[], path: string): boolean {
  return prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
}

/** Much alike, of lengths that differ, and characters whose lower or upper bits are the same. */
const segment = fc.constantFrom(
  "a",
  "b",
  "ab",
  "aa",
  "ba",
  "tmp",
  "tmpfiles",
  "o",
  "/",
  "a/b",
  "\u0161",
  "\ud83d\ude00",
  "\u1061",
  "q",
);
const path = fc.array(segment, { maxLength: 5 }).map((parts) => parts.map((part) => `/${part}`).join(""));

describe("PrefixSet", () => {
  it("agrees with the obvious version on any prefixes and paths [cel P-1]", () => {
    // Paths near a prefix, too: a piece of it, or with something behind it.
    const near = fc.tuple(fc.nat(40), fc.nat(12), fc.constantFrom("", "/", "/x", "x", "a/b"));
    fc.assert(
      fc.property(
        fc.array(path, { minLength: 1, maxLength: 40 }),
        path,
        near,
        (prefixes, any, [which, cut, behind]) => {
          const set = new PrefixSet(prefixes);
          const one = prefixes[which % prefixes.length]!; // Below the length.
          for (const asked of [any, one, one + behind, one.slice(0, cut) + behind, `${any}${one}`, any.slice(1), ""]) {
            expect({ asked, isCovered: set.covers(asked) }).toEqual({ asked, isCovered: isCovered(prefixes, asked) });
          }
        },
      ),
      { seed: 1, numRuns: 3_000 },
    );
  });

  it("tells a thousand prefixes apart, whatever they have in common [cel P-1]", () => {
    const lists = [
      Array.from({ length: 1_000 }, (_, n) => `/${"a".repeat(n + 1)}`),
      Array.from({ length: 1_000 }, (_, n) => `/${"long/".repeat(50)}${n}`),
      Array.from({ length: 1_000 }, (_, n) => `/${String.fromCharCode(0x4e00 + n)}`),
    ];
    for (const prefixes of lists) {
      const set = new PrefixSet(prefixes);
      for (let at = 0; at < prefixes.length; at += 7) {
        const prefix = prefixes[at]!; // Below the length.
        expect([
          set.covers(prefix),
          set.covers(`${prefix}/x`),
          set.covers(`${prefix}x`),
          set.covers(`x${prefix}`),
        ]).toEqual([true, true, isCovered(prefixes, `${prefix}x`), false]);
      }
    }
  });
});
