import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const folders = [import.meta.dirname, join(root, "../../tools/tetragon-emulator/src")];

describe("docs/requirements.md", () => {
  it("lists exactly the requirements of the stream that tests name", () => {
    const document = readFileSync(join(root, "docs/requirements.md"), "utf8");
    const rows = [...document.matchAll(/^\| tetragon-grpc (\w+) \|/gm)].map(([, id]) => id);
    const tested = new Set<string | undefined>();
    for (const folder of folders) {
      for (const name of readdirSync(folder).filter((file) => file.endsWith(".test.ts"))) {
        for (const [, id] of readFileSync(join(folder, name), "utf8").matchAll(/\[tetragon-grpc (\w+)\]/g))
          tested.add(id);
      }
    }
    expect(rows.length).toBe(new Set(rows).size);
    expect(new Set(rows)).toEqual(tested);
  });
});
