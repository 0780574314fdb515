import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

describe("docs/requirements.md", () => {
  it("lists exactly the requirements that tests name", () => {
    const document = readFileSync(join(import.meta.dirname, "../docs/requirements.md"), "utf8");
    const rows = [...document.matchAll(/^\| (admission A-\d+) \|/gm)].map((row) => row[1]);
    const tested = new Set<string>();
    for (const name of readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".test.ts")) continue;
      for (const match of readFileSync(join(import.meta.dirname, name), "utf8").matchAll(/\[(admission A-\d+)\]/g))
        tested.add(match[1] ?? "");
    }
    expect(new Set(rows)).toEqual(tested);
  });
});
