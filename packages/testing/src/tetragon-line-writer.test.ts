import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { openTempDir } from "./temp-dir.ts";
import { TetragonLineWriter } from "./tetragon-line-writer.ts";

describe("TetragonLineWriter", () => {
  it("appends lines and parts of lines, and goes on in a new file after a rotation", async () => {
    await using folder = await openTempDir();
    await using writer = new TetragonLineWriter(folder.file("tetragon.log"));
    await writer.write("one", "two");
    await writer.writePartial("thr");
    await writer.writePartial("ee\n");
    const first = await writer.rotate();
    await writer.write("four");
    const second = await writer.rotate();
    expect(first < second).toBe(true);
    expect(await readFile(first, "utf8")).toBe("one\ntwo\nthree\n");
    expect(await readFile(second, "utf8")).toBe("four\n");
    expect(await readdir(folder.path)).toEqual([
      "tetragon-2026-01-01T00-00-00.000.log",
      "tetragon-2026-01-01T00-00-01.000.log",
    ]);
  });
});
