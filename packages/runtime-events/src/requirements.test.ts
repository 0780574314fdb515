import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const folder = import.meta.dirname;

describe("docs/requirements.md", () => {
  it("lists exactly the requirements of events, hooks and queue that tests name", () => {
    const document = readFileSync(join(folder, "../docs/requirements.md"), "utf8");
    const listed = [...document.matchAll(/^\| ((?:events|hooks|queue) [^|]+) \|/gm)].map(([, id]) => id!);
    const tested = new Set<string>();
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".test.ts") || name === "requirements.test.ts") continue;
      const text = readFileSync(join(folder, name), "utf8");
      for (const [, id] of text.matchAll(/\[((?:events|hooks|queue) [^\]\n]+)\]/g)) tested.add(id!);
    }
    expect([...tested].toSorted()).toEqual(listed.toSorted());
  });
});
