import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

describe("docs/requirements.md", () => {
  it("says of exactly those requirements that they hold which a test names", () => {
    const document = readFileSync(join(import.meta.dirname, "../docs/requirements.md"), "utf8");
    const rows = [...document.matchAll(/^\| (sim \d+) \|.*\| holds(?: in part)? \|$/gm)];
    const tested = new Set<string>();
    for (const path of [...testsIn(import.meta.dirname), ...testsIn(join(import.meta.dirname, "../test"))]) {
      for (const match of readFileSync(path, "utf8").matchAll(/\[(sim \d+)\]/g)) tested.add(match[1] ?? "");
    }
    expect(new Set(rows.map((row) => row[1]))).toEqual(tested);
  });
});

function testsIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".test.ts")).map((name) => join(folder, name));
}
