import {
  array,
  boolean,
  integer,
  map,
  number,
  object,
  oneOf,
  string,
  union,
  unknown,
  type SchemaNode,
} from "@kinglet/lazy-schema";
import { describe, expect, it } from "vitest";

import { parseFileValue, parseText } from "./parse-text.ts";

describe("parseText", () => {
  it.each([
    [string(), " a ", " a "],
    [number(), "-1.5e3", -1_500],
    [number(), "0x10", "0x10"],
    [number(), "", ""],
    [number({ unit: "percent" }), "5", 5],
    [integer({ unit: "ms" }), "2m", 120_000],
    [integer({ unit: "ms" }), "soon", "soon"],
    [integer({ unit: "bytes" }), "1Ki", 1_024],
    [integer({ unit: "bytes" }), "big", "big"],
    [boolean(), "ON", true],
    [boolean(), "0", false],
    [boolean(), "maybe", "maybe"],
    [oneOf([1, 2]), "2", 2],
    [oneOf([1, 2]), "3", "3"],
    [array(integer()), "1, 2", [1, 2]],
    [array(integer()), "", []],
    [array(array(integer())), "[[1],[2]]", [[1], [2]]],
    [map(integer()), "a=1, b=2", { a: 1, b: 2 }],
    [map(integer()), "", {}],
    [map(integer()), "=1", "=1"],
    [map(object({})), '{"a":{}}', { a: {} }],
    [object({}), '{"a":1}', { a: 1 }],
    [object({}), "{", "{"],
    [union("type", {}), "[]", []],
    [unknown(), "null", null],
  ] as [SchemaNode, string, unknown][])("reads for %o the text %j as %j", (node, text, value) => {
    expect(parseText(node, text)).toEqual(value);
  });
});

describe("parseFileValue", () => {
  it("understands quantities and leaves everything else to the schema", () => {
    expect(parseFileValue(integer({ unit: "ms" }), "5s")).toBe(5_000);
    expect(parseFileValue(integer({ unit: "ms" }), 5)).toBe(5);
    expect(parseFileValue(integer(), "5")).toBe("5");
    expect(parseFileValue(boolean(), "true")).toBe("true");
  });
});
