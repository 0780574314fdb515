import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** Ids like `[memory levels]` in the first column of the table, and in the names of tests. */
const inTable = /^\| (\[[a-z-]+ [\w-]+\]) \|/gm;

describe("docs/requirements.md", () => {
  it("names the same requirements as the tests", () => {
    const table = readFileSync(new URL("../docs/requirements.md", import.meta.url), "utf8");
    const stated = Array.from(table.matchAll(inTable), ([, id]) => id!);
    const folder = new URL(".", import.meta.url);
    const tested = new Set<string>();
    for (const name of readdirSync(folder).filter(
      (file) => file.endsWith(".test.ts") && !file.startsWith("requirements"),
    )) {
      for (const [, title = ""] of readFileSync(new URL(name, folder), "utf8").matchAll(/"((?:[^"\\]|\\.)*)"/g)) {
        for (const [id] of title.matchAll(/\[(?:logger|memory|start-up) [\w-]+\]/g)) tested.add(id);
      }
    }
    expect([...tested].sort()).toEqual([...stated].sort());
  });
});
