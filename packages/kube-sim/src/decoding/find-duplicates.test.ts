import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findDuplicates, inTextOrder } from "./find-duplicates.ts";

describe("findDuplicates", () => {
  it("names members given twice, with positions, each once [client M4]", () => {
    const text = '{"a":1,"b":[{"c":1,"c":2,"c":3},{"d":{"\\u0065":1,"e":2}}],"a":{"a":"{\\"a\\":1,\\"a\\":2}"}}';
    expect(findDuplicates(text)).toEqual(["b[0].c", "b[1].d.e", "a"]);
  });

  it("finds nothing in what was written from a value", () => {
    const property = fc.property(fc.jsonValue(), fc.boolean(), (value, isSpaced) => {
      expect(findDuplicates(JSON.stringify(value, undefined, isSpaced ? 2 : 0))).toEqual([]);
    });
    fc.assert(property, { seed: 1, numRuns: 300 });
  });
});

describe("inTextOrder", () => {
  it("brings unknown and doubled members into the order of the text", () => {
    expect(inTextOrder('{"z":1,"a":1,"a":2,"b":1}', ["b", "z"], ["a"])).toEqual(["z", "a", "b"]);
  });
});
