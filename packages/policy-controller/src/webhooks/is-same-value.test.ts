import { isDeepStrictEqual } from "node:util";
import { assert, jsonValue, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { isSameValue } from "./is-same-value.ts";

describe("isSameValue", () => {
  it("agrees with isDeepStrictEqual about values of JSON", () => {
    const plain = jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    assert(
      property(plain, plain, (left, right) => {
        expect(isSameValue(left, right)).toBe(isDeepStrictEqual(left, right));
        expect(isSameValue(left, structuredClone(left))).toBe(true);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  it("takes no account of the order of members, but of that of elements", () => {
    expect(isSameValue({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true);
    expect(isSameValue([1, 2], [2, 1])).toBe(false);
    expect(isSameValue([], {})).toBe(false);
    expect(isSameValue({ a: undefined }, { b: undefined })).toBe(false);
  });
});
