import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const folder = import.meta.dirname;
const ids = "files [^|\\]\\n]+?";

describe("docs/requirements.md", () => {
  it("lists exactly the ids that tests name", async () => {
    const document = await readFile(join(folder, "../docs/requirements.md"), "utf8");
    const listed = new Set([...document.matchAll(new RegExp(`^\\| (${ids}) +\\|`, "gm"))].map(([, id = ""]) => id));
    const named = new Set<string>();
    for (const file of await readdir(folder, { recursive: true })) {
      if (!file.endsWith(".test.ts") || file === "requirements.test.ts") continue;
      const text = await readFile(join(folder, file), "utf8");
      for (const [, id = ""] of text.matchAll(new RegExp(`\\[(${ids})\\]`, "g"))) named.add(id);
    }
    expect(listed.size).toBeGreaterThan(0);
    expect(named).toEqual(listed);
  });
});
