import { readdir, readFile } from "node:fs/promises";

import { describe, expect, it } from "vitest";

const root = `${import.meta.dirname}/..`;

describe("docs/requirements.md", () => {
  it("lists exactly the requirements that tests name", async () => {
    const text = await readFile(`${root}/docs/requirements.md`, "utf8");
    const listed = Array.from(text.matchAll(/^\| (learning [\w-]+) \| holds/gm), ([, id = ""]) => id);
    const tested = new Set<string>();
    for (const folder of ["src", "test"]) {
      for (const name of await readdir(`${root}/${folder}`)) {
        if (name === "requirements.test.ts" || !name.endsWith(".ts")) continue;
        const source = await readFile(`${root}/${folder}/${name}`, "utf8");
        for (const [, id = ""] of source.matchAll(/\[(learning [\w-]+)\]/g)) tested.add(id);
      }
    }
    expect([...tested].toSorted()).toEqual(listed.toSorted());
  });
});
