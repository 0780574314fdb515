import { describe, expect, it } from "vitest";
import { MalformedYaml, parseYamlBody, toJsonBody } from "./yaml-body.ts";

describe("parseYamlBody", () => {
  it("reads YAML 1.1 as the server does: yes is true, times and base-60 numbers are text, the last of doubled names counts", async () => {
    const text = "a: yes\nb: 2001-12-14\nc: 12:30:45\nd: 0777\ne: x\ne: z\n";
    const { value, duplicates } = await parseYamlBody(text);
    expect(value).toEqual({ a: true, b: "2001-12-14", c: "12:30:45", d: 511, e: "z" });
    expect(duplicates).toEqual(['line 6: key "e" already set in map']);
  });

  it("reads JSON and names what it has twice by line", async () => {
    expect(await parseYamlBody('{"a":1}')).toEqual({ value: { a: 1 }, duplicates: [] });
    expect((await parseYamlBody('{"a":1,\n"a":2}')).duplicates).toEqual(['line 2: key "a" already set in map']);
  });

  it("refuses what is neither", async () => {
    await expect(parseYamlBody("a: [")).rejects.toThrow(MalformedYaml);
  });
});

describe("toJsonBody", () => {
  it("turns YAML into JSON and leaves other media types alone", async () => {
    expect(await toJsonBody("a: 1", "application/yaml")).toEqual({ text: '{"a":1}', mediaType: "application/json" });
    expect(await toJsonBody("{", "application/json")).toEqual({ text: "{", mediaType: "application/json" });
  });
});
