import { readdir, readFile } from "node:fs/promises";

import { describe, expect, it } from "vitest";

const folder = `${import.meta.dirname}/..`;
const ids = "(?:cache|node-agent|store) [^|\\]\\n]+";

describe("docs/requirements.md", () => {
  it("lists exactly the requirements that tests name", async () => {
    const document = await readFile(`${folder}/docs/requirements.md`, "utf8");
    const listed = [...document.matchAll(new RegExp(`^\\| (${ids}?) +\\|`, "gm"))].map(([, id = ""]) => id);
    const tested = new Set<string>();
    const files = await Promise.all(["src", "test"].map((part) => readdir(`${folder}/${part}`, { recursive: true })));
    for (const name of [...files[0]!.map((file) => `src/${file}`), ...files[1]!.map((file) => `test/${file}`)]) {
      if (!name.endsWith(".ts") || name.endsWith("requirements.test.ts")) continue;
      const text = await readFile(`${folder}/${name}`, "utf8");
      for (const [, id = ""] of text.matchAll(new RegExp(`\\[(${ids})\\]`, "g"))) tested.add(id);
    }
    expect([...tested].toSorted()).toEqual(listed.toSorted());
  });
});
