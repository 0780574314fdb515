import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

describe("docs/requirements.md", () => {
  it("says of exactly those requirements that they hold which a test names", () => {
    const document = readFileSync(join(import.meta.dirname, "../docs/requirements.md"), "utf8");
    const rows = [...document.matchAll(/^\| ((?:client|start-up) \w+) \|.*\| holds(?: in part)? \|$/gm)];
    const tested = new Set<string>();
    // Suites that run against several servers live in the test folder and are called from test files.
    for (const path of [...pathsIn(import.meta.dirname), ...pathsIn(join(import.meta.dirname, "../test"))]) {
      const text = readFileSync(path, "utf8");
      for (const match of text.matchAll(/\[((?:client|start-up) [A-Z][0-9a-z]*)\]/g)) tested.add(match[1]!);
    }
    expect(new Set(rows.map((row) => row[1]))).toEqual(tested);
  });
});

function pathsIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => /(?:\.test|describe-[a-z-]+)\.ts$/.test(name)).map((name) => join(folder, name));
}
