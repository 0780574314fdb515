import { readdirSync, readFileSync, statSync } from "node:fs";
import { openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";

import { replaceFile } from "./replace-file.ts";
import { syncFolder } from "./sync-folder.ts";

describe("replaceFile", () => {
  it("leaves the new file alone, for its owner alone [files R-1]", async () => {
    await using folder = await openTempDir("replace file ");
    const path = folder.file("copy");
    for (const text of ["a long first version", "short"]) await replaceFile(path, Buffer.from(text));
    expect([readFileSync(path, "utf8"), readdirSync(folder.path)]).toEqual(["short", ["copy"]]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("shows the old file until the new one is whole [files R-1]", async () => {
    await using folder = await openTempDir("replace file ");
    const path = folder.file("copy");
    await replaceFile(path, Buffer.from("old"));
    const replacing = replaceFile(path, Buffer.alloc(10_000_000, "n"));
    expect(readFileSync(path, "utf8")).toBe("old");
    await replacing;
    expect(statSync(path).size).toBe(10_000_000);
    await expect(replaceFile(folder.file("no/copy"), Buffer.from("x"))).rejects.toThrow("ENOENT");
  });
});

describe("syncFolder", () => {
  it("takes a folder and nothing else [files F-3]", async () => {
    await using folder = await openTempDir("sync folder ");
    await syncFolder(folder.path);
    await replaceFile(folder.file("file"), Buffer.from("x"));
    await expect(syncFolder(folder.file("file"))).rejects.toThrow("ENOTDIR");
  });
});
