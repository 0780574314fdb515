import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";

describe("createCsvExporter", () => {
  it("leaves no half record where the file could not grow", async () => {
    const folder = await mkdtemp(`${tmpdir()}/kinglet-csv-`);
    const path = `${folder}/alerts.csv`;
    const program = new URL("../../test/fill-csv.ts", import.meta.url).pathname;
    // A limit of 8 blocks stands for a full disk; without the trap the signal would end the process.
    const command = `trap '' XFSZ; ulimit -f 8; "$0" --conditions=@kinglet/source "$1" "$2"`;
    const { stdout, stderr } = spawnSync("sh", ["-c", command, process.execPath, program, path], { encoding: "utf8" });
    const text = await readFile(path, "utf8");
    await rm(folder, { recursive: true });
    expect({ stdout, stderr }).toEqual({ stdout: "KINGLET_ERR_ALERT_SINKS_FILE\n", stderr: "" });
    expect(text.endsWith("\r\n")).toBe(true);
    expect(text.split("\r\n")).toHaveLength(3);
  });
});
