import { readdirSync, readFileSync, statSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { ExportFileWriter } from "./export-file-writer.ts";

const event = (n: number): Record<string, unknown> => ({
  process_exec: { process: { exec_id: `e${n}`, pad: "x".repeat(60) } },
});

describe("ExportFileWriter", () => {
  it.each([["rename" as const], ["copy-truncate" as const]])(
    "rotates by size with mode 600 and keeps so many files (%s)",
    async (rotation) => {
      await using folder = await openTempDir();
      const path = folder.file("tetragon.log");
      let time = 0;
      const writer = new ExportFileWriter({ path, maxBytes: 400, backups: 2, rotation, now: () => (time += 1000) });
      const inode = statSync(path).ino;
      for (let n = 0; n < 20; n++) writer.write(event(n));
      const names = readdirSync(folder.path).toSorted();
      expect(names).toHaveLength(3);
      for (const name of names) expect(statSync(folder.file(name)).mode & 0o777).toBe(0o600);
      expect(statSync(path).ino === inode).toBe(rotation === "copy-truncate");
      const last = readFileSync(path, "utf8").trimEnd().split("\n").at(-1)!;
      expect(JSON.parse(last)).toEqual(event(19));
    },
  );

  it("compresses, cuts lines, and stops without a word when the disk is full", async () => {
    await using folder = await openTempDir();
    const path = folder.file("tetragon.log");
    const writer = new ExportFileWriter({
      path,
      gzip: true,
      cutEvery: 3,
      partialEvery: 2,
      diskBytes: 1000,
      now: () => 0,
    });
    for (let n = 0; n < 4; n++) writer.write(event(n));
    const target = writer.rotate();
    expect(target).toMatch(/tetragon-1970-01-01T00-00-00\.000\.log\.gz$/);
    const lines = gunzipSync(readFileSync(target)).toString("utf8").trimEnd().split("\n");
    // The third line was cut, the fourth follows on it.
    expect(lines).toHaveLength(3);
    for (let n = 4; n < 50; n++) writer.write(event(n));
    expect(statSync(path).size).toBeLessThan(1000);
  });
});
