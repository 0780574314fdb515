import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyJsonPatch } from "./json-patch.ts";

describe("applyJsonPatch", () => {
  it("does all operations in order and leaves the target alone", () => {
    const target = { a: [1, 2], "x/y": 1, b: { c: 1 } };
    const patch = [
      { op: "test", path: "/a/0", value: 1 },
      { op: "add", path: "/a/-", value: 3 },
      { op: "add", path: "/a/0", value: 0 },
      { op: "remove", path: "/x~1y" },
      { op: "move", from: "/b/c", path: "/d" },
      { op: "copy", from: "/a", path: "/e" },
      { op: "replace", path: "/b", value: null },
    ];
    expect(applyJsonPatch(target, patch)).toEqual({ a: [0, 1, 2, 3], b: null, d: 1, e: [0, 1, 2, 3] });
    expect(target).toEqual({ a: [1, 2], "x/y": 1, b: { c: 1 } });
  });

  it("puts a value where a later read finds it", () => {
    const property = fc.property(fc.string(), fc.jsonValue(), (key, value) => {
      const path = `/${key.replace(/~/g, "~0").replace(/\//g, "~1")}`;
      const result = applyJsonPatch({}, [
        { op: "add", path, value },
        { op: "test", path, value },
      ]);
      expect(Object.keys(result as object)).toEqual([key]);
    });
    fc.assert(property, { seed: 1, numRuns: 200 });
  });

  it.each([
    { op: "test", path: "/a", value: 2 },
    { op: "remove", path: "/none" },
    { op: "replace", path: "/list/0", value: 1 },
    { op: "add", path: "", value: {} },
    { op: "add", path: "/list/5", value: 1 },
    { op: "jump", path: "/a" },
  ])("refuses $op $path", (operation) => {
    expect(() => applyJsonPatch({ a: 1, list: [] }, [operation])).toThrow("the server rejected our request");
  });

  it("replaces an absent member and finds null where nothing is, as the server does", () => {
    const patch = [
      { op: "test", path: "/none", value: null },
      { op: "replace", path: "/none", value: 1 },
      { op: "remove", path: "/list/-1" },
    ];
    expect(applyJsonPatch({ list: [1, 2] }, patch)).toEqual({ list: [1], none: 1 });
  });

  it("bounds operations and copies", () => {
    const many = Array.from({ length: 10_001 }, () => ({ op: "test", path: "/a", value: 1 }));
    expect(() => applyJsonPatch({ a: 1 }, many)).toThrow("The allowed maximum operations in a JSON patch is 10000");
    const copies = Array.from({ length: 40 }, (_, at) => ({ op: "copy", from: "/a", path: `/b${at}` }));
    expect(() => applyJsonPatch({ a: "x".repeat(100_000) }, copies)).toThrow("the server rejected our request");
  });

  it("refuses a patch that is no list", () => {
    expect(() => applyJsonPatch({}, { op: "add" })).toThrow("error decoding patch");
  });
});
