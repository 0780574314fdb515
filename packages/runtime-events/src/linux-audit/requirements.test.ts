import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const folder = import.meta.dirname;

describe("docs/requirements.md", () => {
  it("lists exactly the requirements of Linux audit that tests name", () => {
    const document = readFileSync(join(folder, "../../docs/requirements.md"), "utf8");
    const rows = [...document.matchAll(/^\| linux-audit ([^|]+) \|/gm)].map(([, id]) => id);
    const tested = new Set<string | undefined>();
    for (const name of readdirSync(folder).filter(
      (file) => file.endsWith(".test.ts") && file !== "requirements.test.ts",
    )) {
      const text = readFileSync(join(folder, name), "utf8");
      for (const [, id] of text.matchAll(/\[linux-audit ([^\]\n]+)\]/g)) tested.add(id);
    }
    expect(rows.length).toBe(new Set(rows).size);
    expect(new Set(rows)).toEqual(tested);
  });
});
