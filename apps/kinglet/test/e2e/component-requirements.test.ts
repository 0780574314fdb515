import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../../../..");
const folders = ["apps/kinglet/test/e2e", "packages/detection/test"];

describe("docs/requirements.md", () => {
  it("lists exactly the component scenarios that tests name", async () => {
    const document = await readFile(join(root, "apps/kinglet/docs/requirements.md"), "utf8");
    const listed = [...document.matchAll(/^\| (component \d+) \|/gm)].map(([, id]) => id);
    const named = new Set<string | undefined>();
    for (const folder of folders) {
      for (const file of await readdir(join(root, folder))) {
        const text = file.endsWith(".ts") ? await readFile(join(root, folder, file), "utf8") : "";
        for (const [, id] of text.matchAll(/\[(component \d+)\]/g)) named.add(id);
      }
    }
    expect(named).toEqual(new Set(listed));
  });
});
