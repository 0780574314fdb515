import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";

import { AppendFile } from "./append-file.ts";
import { decodeLine } from "./checked-line.ts";

describe("AppendFile", () => {
  it("leaves whole records only where the file could not grow, and goes on when it can [files A-1]", async () => {
    const folder = await mkdtemp(`${tmpdir()}/kinglet-append-`);
    const program = new URL("../test/fill-append-file.ts", import.meta.url).pathname;
    // A limit of 8 blocks stands for a full disk; without the trap the signal would end the process.
    const command = `trap '' XFSZ; ulimit -f 8; "$0" --conditions=@kinglet/source "$1" "$2"`;
    const args = ["-c", command, process.execPath, program, `${folder}/file`];
    const { stdout, stderr } = spawnSync("sh", args, { encoding: "utf8" });
    const lines = (await readFile(`${folder}/file`, "utf8")).split("\n");
    await rm(folder, { recursive: true });
    expect({ stdout, stderr }).toEqual({ stdout: "EFBIG\nEFBIG\nsmall\n", stderr: "" });
    expect(lines.pop()).toBe("");
    expect(lines.map(decodeLine)).toEqual([{ fill: "x".repeat(3_000) }, { fill: "small" }]);
  });

  it("writes through no link [files A-2]", async () => {
    const folder = await mkdtemp(`${tmpdir()}/kinglet-append-`);
    await symlink(`${folder}/elsewhere`, `${folder}/file`);
    await expect(AppendFile.open(`${folder}/file`, 0)).rejects.toThrow("ELOOP");
    await rm(folder, { recursive: true });
  });
});
