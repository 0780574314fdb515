import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { toYaml } from "./to-yaml.ts";

describe("toYaml", () => {
  it("writes what reads back the same, whatever the texts look like", () => {
    const value = {
      plain: "a text; with (marks).",
      texts: ["", " ", "- a", "a: b", "#", "yes", "null", "1", "1.5", "a\nb", "'", '"', "é", "a ", "~", "*"],
      "key: odd": true,
      empty: { list: [], map: {} },
      lists: [[1, [2]], [{ a: 1, b: [{ c: null }] }]],
    };
    expect(parse(toYaml(value))).toEqual(value);
    expect(toYaml({ a: undefined, b: 1 })).toBe("b: 1\n");
  });
});
