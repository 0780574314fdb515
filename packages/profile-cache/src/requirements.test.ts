import { readdir, readFile } from "node:fs/promises";

import { describe, expect, it } from "vitest";

const folder = import.meta.dirname;

describe("docs/requirements.md", () => {
  it("lists exactly the requirements that tests name", async () => {
    const text = await readFile(`${folder}/../docs/requirements.md`, "utf8");
    const listed: string[] = [];
    for (const [, id = "", state] of text.matchAll(/^\| (cache(?:-test)? [\w*]+) \| (\w+)/gm)) {
      if (state !== "elsewhere" && state !== "absent") listed.push(id);
    }
    const tested = new Set<string>();
    for (const name of await readdir(folder)) {
      if (!name.endsWith(".test.ts")) continue;
      for (const [, id = ""] of (await readFile(`${folder}/${name}`, "utf8")).matchAll(/\[(cache(?:-test)? [\w*]+)\]/g))
        tested.add(id);
    }
    expect([...tested].toSorted()).toEqual(listed.toSorted());
  });
});
