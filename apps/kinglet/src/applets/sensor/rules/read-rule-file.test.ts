import { execFileSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { readRuleFile } from "./read-rule-file.ts";

describe("readRuleFile", () => {
  it("gives the text of a file, through links too, as a mounted ConfigMap has them", async () => {
    await using folder = await openTempDir("kinglet-rule-file-");
    const text = "- [ [1], {a: 2} ]\n- - - 3\n";
    writeFileSync(folder.file("rules.yaml"), text);
    symlinkSync(folder.file("rules.yaml"), folder.file("link.yaml"));
    expect(readRuleFile(folder.file("link.yaml"))).toBe(text);
  });

  it("takes nothing that may never end or that would fill the memory", async () => {
    await using folder = await openTempDir("kinglet-rule-file-");
    const at = (name: string): string => join(folder.path, name);
    execFileSync("mkfifo", [at("pipe.yaml")]);
    symlinkSync("/dev/zero", at("zero.yaml"));
    writeFileSync(at("large.yaml"), "#".repeat(262_145));
    writeFileSync(at("deep.yaml"), "[".repeat(100_000));
    writeFileSync(at("listed.yaml"), "- ".repeat(100_000));
    for (const name of ["pipe.yaml", "zero.yaml"]) expect(() => readRuleFile(at(name))).toThrow("is no file");
    expect(() => readRuleFile(at("large.yaml"))).toThrow("262145 bytes, at most 262144");
    for (const name of ["deep.yaml", "listed.yaml"]) expect(() => readRuleFile(at(name))).toThrow("64 levels");
  });
});
