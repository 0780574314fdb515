import { statSync, writeFileSync } from "node:fs";
import { openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { makeFolder } from "./make-folder.ts";

describe("makeFolder", () => {
  it("makes a folder with those above it, in the mode asked for, and takes one that is there", async () => {
    await using folder = await openTempDir("make folder ");
    const path = folder.file("one/two/three");
    makeFolder(path, 0o700);
    makeFolder(`${path}/`, 0o755);
    expect([folder.file("one"), path].map((each) => statSync(each).mode & 0o777)).toEqual([0o700, 0o700]);
  });

  it("says what the file system says about a file in the way", async () => {
    await using folder = await openTempDir("make folder ");
    writeFileSync(folder.file("file"), "");
    expect(() => makeFolder(folder.file("file"), 0o700)).toThrow("EEXIST");
    expect(() => makeFolder(folder.file("file/below"), 0o700)).toThrow("ENOTDIR");
  });

  it.runIf(process.platform === "linux")("ends where a file system takes no folders", () => {
    expect(() => makeFolder("/proc/kinglet/below", 0o700)).toThrow("ENOENT");
  });
});
