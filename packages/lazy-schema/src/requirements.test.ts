import { readdir, readFile } from "node:fs/promises";

import { describe, expect, it } from "vitest";

const folder = import.meta.dirname;

describe("docs/requirements.md", () => {
  it("lists exactly the ids that tests name", async () => {
    const document = await readFile(`${folder}/../docs/requirements.md`, "utf8");
    const listed = new Set([...document.matchAll(/^\| (\S+ [A-Z]-?\d+\w*) \|/gm)].map(([, id]) => id));
    const named = new Set<string | undefined>();
    for (const file of await readdir(folder)) {
      if (!file.endsWith(".test.ts")) continue;
      const text = await readFile(`${folder}/${file}`, "utf8");
      for (const [line] of text.matchAll(/^\s*it(\.each)?\(.*$|^\s*"[^"]*\[.*$/gm)) {
        for (const [, id] of line.matchAll(/\[((?:schema|start-up) [A-Z]-?\d+\w*)\]/g)) named.add(id);
      }
    }
    expect(listed.size).toBeGreaterThan(0);
    expect(named).toEqual(listed);
  });
});
