import { readdir, readFile } from "node:fs/promises";

import { describe, expect, it } from "vitest";

const folder = import.meta.dirname;

describe("docs/requirements.md", () => {
  it("lists exactly the requirements that tests name", async () => {
    const document = await readFile(`${folder}/../docs/requirements.md`, "utf8");
    const listed = [...document.matchAll(/^\| ((?:cache|node-agent|profile) [^|]+) \|/gm)].map(([, id = ""]) => id);
    const tested = new Set<string>();
    for (const name of await readdir(folder, { recursive: true })) {
      if (!name.endsWith(".test.ts") || name === "requirements.test.ts") continue;
      const text = await readFile(`${folder}/${name}`, "utf8");
      for (const [, id = ""] of text.matchAll(/\[((?:cache|node-agent|profile) [^\]\n]+)\]/g)) tested.add(id);
    }
    expect([...tested].toSorted()).toEqual(listed.toSorted());
  });
});
