import { assert, nat, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { LineIndex } from "./line-index.ts";

describe("LineIndex", () => {
  it("finds the line and the column of an offset", () => {
    const index = new LineIndex("ab\n\ncd");
    expect([0, 2, 3, 4, 5, 6, -1].map((offset) => index.at(offset))).toEqual([
      { line: 1, column: 1 },
      { line: 1, column: 3 },
      { line: 2, column: 1 },
      { line: 3, column: 1 },
      { line: 3, column: 2 },
      { line: 3, column: 3 },
      { line: 1, column: 1 },
    ]);
  });

  it("agrees with counting", () => {
    assert(
      property(string({ unit: "grapheme-ascii" }), nat(20), (words, at) => {
        const text = words.replaceAll("a", "\n").replaceAll(" ", "\n");
        const before = text.slice(0, at);
        const lines = before.split("\n");
        const expected = { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
        expect(new LineIndex(text).at(before.length)).toEqual(expected);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
