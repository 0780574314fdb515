import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { PrefixSet } from "./prefix-set.ts";

/** The obvious version: one after the other. */
function isCovered(prefixes: readonly string[], path: string, exceptions: readonly string[] = []): boolean {
  const isBelowOne = (list: readonly string[]): boolean =>
    list.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
  return isBelowOne(prefixes) && !isBelowOne(exceptions);
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
  "etc",
  "proc",
  "a-segment-of-some-length",
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

  it("covers nothing below an exception, wherever exceptions lie [cel P-1]", () => {
    const near = fc.tuple(fc.nat(40), fc.nat(30), fc.constantFrom("", "/", "/x", "0", "\u0161", "/proc", "x/../y"));
    const lists = fc.array(path, { maxLength: 12 });
    fc.assert(
      fc.property(lists, lists, lists, near, (prefixes, any, deeper, [which, cut, behind]) => {
        // Above prefixes, equal to them, below them, and far from them.
        const below = deeper.map((one, at) => (prefixes[at] ?? "") + one);
        const exceptions = [...any.slice(0, 4), ...below];
        const set = new PrefixSet(prefixes, exceptions);
        const known = [...prefixes, ...exceptions, "/"];
        const one = known[which % known.length]!; // Below the length.
        for (const asked of [one, one + behind, one.slice(0, cut) + behind, one.slice(1), `${one}/${one}`, ...any]) {
          const isRight = isCovered(prefixes, asked, exceptions);
          expect({ asked, isCovered: set.covers(asked) }).toEqual({ asked, isCovered: isRight });
        }
      }),
      { seed: 1, numRuns: 3_000 },
    );
  });

  it.each([3, 4, 5, 6, 60, 4_000])("compares every one of %i characters of a prefix [cel P-1]", (length) => {
    for (const fill of ["a", "\u00e9", "\u0161", "\uffff"]) {
      const prefix = `/${fill.repeat(length - 1)}`;
      const set = new PrefixSet([prefix]);
      const path = `${prefix}/${"x".repeat(5_000)}`;
      expect([set.covers(path), set.covers(prefix), set.covers(`${prefix}x`)]).toEqual([true, true, false]);
      for (let at = 0; at < length; at += Math.ceil(length / 50)) {
        for (const other of ["\u0000", "/", "0", "b", "\u0161", "\uffff"]) {
          if (path[at] === other) continue;
          expect(set.covers(path.slice(0, at) + other + path.slice(at + 1))).toBe(false);
        }
      }
    }
  });

  it("reads texts in pieces as it reads whole ones [cel P-1]", () => {
    const set = new PrefixSet(["/etc", "/var/lib/app", "/srv/data/long/enough/to/be/cut"]);
    const line = `xxxxxxxxxxxxxxxxxxxxxxxx/srv/data/long/enough/to/be/cut/file yyyyyyyyyyyyyyyyyyyyyyyy`;
    const sliced = line.slice(24, line.indexOf(" "));
    let joined = "/var";
    for (const part of ["lib", "app", "some-file-of-it"]) joined += `/${part}`;
    expect([set.covers(sliced), set.covers(joined), set.covers(`${joined}/`), set.covers(sliced.slice(1))]).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it("covers nothing without prefixes, and everything absolute below the root [cel P-1]", () => {
    const answers = (set: PrefixSet): boolean[] => ["", "/", "/a", "a", "//"].map((one) => set.covers(one));
    expect([
      answers(new PrefixSet([])),
      answers(new PrefixSet(["", "/a"])),
      answers(new PrefixSet(["/a"], [""])),
    ]).toEqual([
      [false, false, false, false, false],
      [true, true, true, false, true],
      [false, false, false, false, false],
    ]);
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
