import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

describe("docs/requirements.md", () => {
  it("says of exactly those requirements that they hold which a test names", () => {
    const document = readFileSync(join(import.meta.dirname, "../docs/requirements.md"), "utf8");
    const rows = [...document.matchAll(/^\| ((?:client|start-up) \w+) \|.*\| holds(?: in part)? \|$/gm)];
    const tested = new Set<string>();
    for (const name of readdirSync(import.meta.dirname)) {
      if (!name.endsWith(".test.ts")) continue;
      const text = readFileSync(join(import.meta.dirname, name), "utf8");
      for (const match of text.matchAll(/\[((?:client|start-up) [A-Z][0-9a-z]*)\]/g)) tested.add(match[1]!);
    }
    expect(new Set(rows.map((row) => row[1]))).toEqual(tested);
  });
});
