import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const pattern = /\[((?:webhook|kubernetes-audit|falco) \w+)\]/g;

describe("docs/requirements.md", () => {
  it("lists exactly the requirements of findings that tests name", () => {
    const document = readFileSync(join(root, "docs/requirements.md"), "utf8");
    const rows = [...document.matchAll(/^\| ((?:webhook|kubernetes-audit|falco) \w+) \|/gm)].map((row) => row[1]);
    const tested = new Set<string>();
    for (const folder of ["src/webhook", "src/kubernetes-audit", "src/falco", "test"]) {
      for (const name of readdirSync(join(root, folder))) {
        if (!name.endsWith(".test.ts")) continue;
        for (const match of readFileSync(join(root, folder, name), "utf8").matchAll(pattern))
          tested.add(match[1] ?? "");
      }
    }
    expect(new Set(rows)).toEqual(tested);
  });
});
