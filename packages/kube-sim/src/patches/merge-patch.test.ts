import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyMergePatch } from "./merge-patch.ts";

const record = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.jsonValue());

describe("applyMergePatch", () => {
  it("merges objects, removes with null, replaces the rest", () => {
    const target = { a: 1, b: { c: 1, d: [1] }, e: 1 };
    expect(applyMergePatch(target, { b: { c: null, d: [2] }, e: { f: 1 } })).toEqual({
      a: 1,
      b: { d: [2] },
      e: { f: 1 },
    });
    expect(target).toEqual({ a: 1, b: { c: 1, d: [1] }, e: 1 });
  });

  it("changes nothing the second time", () => {
    const property = fc.property(record, record, (target, patch) => {
      const once = applyMergePatch(target, patch);
      expect(applyMergePatch(once, patch)).toEqual(once);
    });
    fc.assert(property, { seed: 1, numRuns: 200 });
  });
});
