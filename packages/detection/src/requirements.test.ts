import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const folder = import.meta.dirname;

describe("docs/requirements.md", () => {
  it("lists exactly the ids that tests name", async () => {
    const document = await readFile(join(folder, "../docs/requirements.md"), "utf8");
    const listed = [...document.matchAll(/^\| (rules [A-Z]-\d+) \|/gm)].map(([, id]) => id);
    const named = new Set<string | undefined>();
    for (const file of await readdir(folder, { recursive: true })) {
      if (!file.endsWith(".test.ts") || file === "requirements.test.ts") continue;
      const text = await readFile(join(folder, file), "utf8");
      for (const [, id] of text.matchAll(/\[(rules [A-Z]-\d+)\]/g)) named.add(id);
    }
    expect(listed.length).toBeGreaterThan(0);
    expect(named).toEqual(new Set(listed));
  });

  it("lists exactly the rows of the original's catalogue that are reproduced", async () => {
    const document = await readFile(join(folder, "../docs/requirements.md"), "utf8");
    const listed = [...document.matchAll(/^\| rules-test (\S+) \|/gm)].map(([, id]) => id);
    const text = await readFile(join(folder, "expression-catalogue.test.ts"), "utf8");
    const named = new Set(
      [...text.matchAll(/\[rules-test ([\w*]+)\]|^ {4}"(Test\w+)",$|, "(Test\w+)"\],$/gm)].map((found) =>
        found.slice(1).find(Boolean),
      ),
    );
    expect(named).toEqual(new Set(listed));
  });
});
