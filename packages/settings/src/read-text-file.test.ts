import { execFileSync } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { readTextFile } from "./read-text-file.ts";

describe("readTextFile", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kinglet-settings-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("reads a file through a link, as mounted configuration is", async () => {
    await writeFile(join(folder, "..data"), "port: 1\n");
    await symlink("..data", join(folder, "config.yaml"));
    expect(await readTextFile(join(folder, "config.yaml"), 8)).toBe("port: 1\n");
  });

  it("says what is wrong in one coded line", async () => {
    const code = "KINGLET_ERR_SETTINGS_FILE";
    await writeFile(join(folder, "long"), "x".repeat(200_000));
    await writeFile(join(folder, "binary"), Buffer.from([0xff, 0xfe, 0x80]));
    const reading = (name: string): Promise<string> => readTextFile(join(folder, name), 100_000);
    await expect(reading("none")).rejects.toMatchObject({
      code,
      message: `${folder}/none cannot be used: there is no such file`,
    });
    await expect(reading("")).rejects.toMatchObject({ code, message: `${folder} cannot be used: it is a directory` });
    await expect(reading("long")).rejects.toMatchObject({
      code,
      details: { reason: "it is longer than 100000 bytes" },
    });
    await expect(reading("binary")).rejects.toMatchObject({ code, details: { reason: "it is not UTF-8 text" } });
  });

  it("stops at the bound where a file has no end", async () => {
    await expect(readTextFile("/dev/zero", 100_000)).rejects.toMatchObject({ code: "KINGLET_ERR_SETTINGS_FILE" });
  });

  it("reads a pipe whose writer comes later, and holds up nothing meanwhile", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const reading = readTextFile(path, 100);
    await writeFile(path, "port: 1\n");
    expect(await reading).toBe("port: 1\n");
  });

  it("ends with its signal while nobody writes to a pipe", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const stop = new AbortController();
    const reading = readTextFile(path, 100, stop.signal);
    stop.abort(new Error("stopped"));
    await expect(reading).rejects.toThrow("stopped");
    await expect(readTextFile(path, 100, stop.signal)).rejects.toThrow("stopped");
    // Lets the threads go that wait for a writer.
    await writeFile(path, "");
  });
});
