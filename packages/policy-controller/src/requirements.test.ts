import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");

describe("docs/requirements.md", () => {
  it("lists exactly the requirements that tests name", () => {
    const document = readFileSync(join(root, "docs/requirements.md"), "utf8");
    const rows = [...document.matchAll(/^\| ((?:operator|policy-controller) [^|]+?) \|/gm)].map((row) => row[1]);
    const tested = new Set<string>();
    const folders = [import.meta.dirname, join(root, "test"), join(root, "../../apps/kinglet/test/e2e")];
    for (const folder of folders) {
      for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
        if (!name.endsWith(".ts")) continue;
        const text = readFileSync(join(folder, name), "utf8");
        for (const match of text.matchAll(/"\[((?:operator|policy-controller) [^\]]+)\]/g)) tested.add(match[1] ?? "");
      }
    }
    expect(new Set(rows)).toEqual(tested);
    expect(rows).toHaveLength(tested.size);
  });
});
