import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { CollapseThresholds } from "./collapse-thresholds.ts";
import { PathCollapser } from "./path-collapser.ts";

const segment = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom("a", "b", "c", "d") },
  { weight: 1, arbitrary: fc.constantFrom("⋯", "*") },
);
const anyPath = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => `/${segments.join("/")}`);
const anyPaths = fc.uniqueArray(anyPath, { maxLength: 10 });
const anyThresholds = fc
  .tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.array(
      fc.record({
        prefix: fc.constantFrom("/a", "/a/b", "/b/b/c", "/c/d", "/"),
        threshold: fc.integer({ min: 1, max: 5 }),
      }),
      { maxLength: 3 },
    ),
  )
  .map(([threshold, prefixes]) => new CollapseThresholds(threshold, prefixes));

/** Patterns with the distinct numbers that were said about their paths. */
type Said = ReadonlyMap<string, readonly number[]>;

function collapse(thresholds: CollapseThresholds, ...parts: readonly Said[]): Said {
  const collapser = new PathCollapser<number>(thresholds);
  for (const part of parts) for (const [path, said] of part) for (const value of said) collapser.add(path, value);
  return new Map([...collapser.collapse()].map(([path, said]) => [path, [...new Set(said)].sort((a, b) => a - b)]));
}

const said = (paths: readonly string[], value: number): Said => new Map(paths.map((path) => [path, [value]]));
const sorted = (patterns: Said) => [...patterns].sort(([left], [right]) => (left < right ? -1 : 1));

describe("PathCollapser", () => {
  it("makes the same of the parts step by step as of all at once", () => {
    fc.assert(
      fc.property(anyPaths, anyPaths, anyPaths, anyThresholds, (a, b, c, thresholds) => {
        const parts = [said(a, 1), said(b, 2), said(c, 3)];
        const atOnce = sorted(collapse(thresholds, ...parts));
        const [first, second, third] = parts as [Said, Said, Said];
        const leftFirst = collapse(thresholds, collapse(thresholds, first, second), third);
        const rightFirst = collapse(thresholds, first, collapse(thresholds, third, second));
        expect(sorted(leftFirst)).toEqual(atOnce);
        expect(sorted(rightFirst)).toEqual(atOnce);
      }),
      { seed: 1, numRuns: 3_000 },
    );
  });

  it("makes one pattern of a path at a time, whatever the order", () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyPath, { maxLength: 16 }), anyThresholds, fc.nat(), (paths, thresholds, start) => {
        const atOnce = sorted(collapse(thresholds, said(paths, 1)));
        const turned = paths.map((_, at) => paths[(at * 7 + start) % paths.length]!);
        const distinct = [...new Set([...turned, ...paths])];
        const stepwise = distinct.reduce<Said>(
          (patterns, path) => collapse(thresholds, patterns, said([path], 1)),
          new Map(),
        );
        expect(sorted(stepwise)).toEqual(atOnce);
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it("counts files and directories of a directory apart", () => {
    const thresholds = new CollapseThresholds(2, []);
    const paths = ["/d/1", "/d/2", "/d/x/f", "/d/y/f"];
    expect([...collapse(thresholds, said(paths, 1)).keys()].sort()).toEqual([...paths].sort());
    expect([...collapse(thresholds, said([...paths, "/d/3"], 1)).keys()].sort()).toEqual(["/d/x/f", "/d/y/f", "/d/⋯"]);
    expect([...collapse(thresholds, said([...paths, "/d/z/f"], 1)).keys()].sort()).toEqual(["/d/1", "/d/2", "/d/⋯/f"]);
  });

  it("uses for a directory with wildcards the smallest threshold of all that it stands for", () => {
    const thresholds = new CollapseThresholds(3, [
      { prefix: "/a/b", threshold: 2 },
      { prefix: "/a/c/", threshold: 9 },
    ]);
    expect(thresholds.of(["a", "c", "x"])).toBe(9);
    expect(thresholds.of(["a", "cd"])).toBe(3);
    expect(thresholds.of(["a", "⋯"])).toBe(2);
    expect(thresholds.of(["⋯"])).toBe(3);
    expect(thresholds.below(["⋯"])).toBe(2);
  });
});
