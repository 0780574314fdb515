import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { jsonBytes } from "./json-bytes.ts";

describe("jsonBytes", () => {
  it("is as long as the JSON [store too-large]", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
        expect(jsonBytes(value)).toBe(Buffer.byteLength(JSON.stringify(value)));
      }),
      { seed: 1, numRuns: 100 },
    );
    for (const value of [
      {},
      [],
      "",
      { a: undefined },
      { a: undefined, b: 1 },
      [undefined, 1],
      "\ud83d\ude00\n",
      ["\ud83d"],
      { é: "é" },
    ]) {
      expect(jsonBytes(value)).toBe(Buffer.byteLength(JSON.stringify(value)));
    }
  });
});
