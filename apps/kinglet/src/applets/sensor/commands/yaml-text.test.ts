import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { toJson, toYaml } from "./yaml-text.ts";

const hostile = {
  spec: { execs: [{ path: "/tmp/\u009b31m\u202egnp.sh", args: ["a\nb\u0007", "- x: #y"] }], empty: [] },
};

describe("toYaml", () => {
  it("writes nothing that a terminal acts on, and reads back as the same", () => {
    const text = toYaml(hostile);
    // oxlint-disable-next-line no-control-regex -- what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(parse(text)).toEqual(hostile);
  });

  it("quotes nothing that needs no quotes", () => {
    expect(toYaml({ path: "/usr/bin/id" })).toBe("path: /usr/bin/id\n");
  });
});

describe("toJson", () => {
  it("writes nothing that a terminal acts on, and reads back as the same", () => {
    const text = toJson(hostile);
    expect(text).toContain(String.raw`/tmp/\u009b31m\u202egnp.sh`);
    expect(JSON.parse(text)).toEqual(hostile);
  });
});
