import { readdir, readFile } from "node:fs/promises";

import { describe, expect, it } from "vitest";

const folder = import.meta.dirname;

describe("docs/requirements.md", () => {
  it("lists exactly the requirements that tests name", async () => {
    const listed = [...(await readFile(`${folder}/../docs/requirements.md`, "utf8")).matchAll(/^\| (cache W\d+) \|/gm)];
    const tested = new Set<string>();
    for (const name of await readdir(folder)) {
      if (!name.endsWith(".test.ts")) continue;
      for (const [, id = ""] of (await readFile(`${folder}/${name}`, "utf8")).matchAll(/\[(cache W\d+)\]/g))
        tested.add(id);
    }
    expect([...tested].toSorted()).toEqual(listed.map(([, id = ""]) => id).toSorted());
  });
});
