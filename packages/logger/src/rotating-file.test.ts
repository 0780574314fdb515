import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasCode } from "@kinglet/errors";
import { systemClock, type Clock } from "@kinglet/lifecycle";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRotatingFile, realPath } from "./rotating-file.ts";

let folder = "";
let nowMs = new Date(2024, 10, 12, 13, 14, 15, 167).getTime();
const clock: Clock = { ...systemClock, now: () => nowMs };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kinglet-rotate-"));
});

afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

describe("openRotatingFile", () => {
  it("[logger file] rotates before the file grows over its size, names the old one by local time, keeps the newest", async () => {
    const path = join(folder, "log.txt");
    const file = openRotatingFile({ path, maxBytes: 100, maxFiles: 2 }, clock);
    for (let index = 0; index < 10; index++) {
      await file.write(`${index} ${"x".repeat(47)}`);
      nowMs += 1000;
    }
    await file[Symbol.asyncDispose]();
    const names = readdirSync(folder).sort();
    expect(names).toEqual(["log-2024-11-12T13-14-21.167.txt", "log-2024-11-12T13-14-23.167.txt", "log.txt"]);
    expect(
      readFileSync(path, "utf8")
        .split("\n")
        .map((line) => line[0]),
    ).toEqual(["8", "9", undefined]);
    expect(readFileSync(join(folder, names[1]!), "utf8")).toMatch(/^6 x+\n7 x+\n$/);
  });

  it("keeps both files when it rotates twice within a millisecond", async () => {
    const file = openRotatingFile({ path: join(folder, "log.txt"), maxBytes: 10, maxFiles: 9 }, clock);
    for (let index = 0; index < 4; index++) await file.write("x".repeat(9));
    await file[Symbol.asyncDispose]();
    expect(readdirSync(folder)).toHaveLength(4);
  });

  it("goes on after the disk was full", async () => {
    symlinkSync("/dev/full", join(folder, "full.txt"));
    const file = openRotatingFile({ path: join(folder, "full.txt") }, clock);
    expect(file.tryWrite("x")).toBe(true);
    await file.flush();
    expect(file.dropped).toBe(1);
    expect(file.isClosed).toBe(false);
    await file[Symbol.asyncDispose]();
  });

  it("refuses a directory with a code", () => {
    mkdirSync(join(folder, "log.txt"));
    try {
      openRotatingFile({ path: join(folder, "log.txt") }, clock);
      expect.unreachable();
    } catch (error) {
      expect(hasCode(error, "KINGLET_ERR_LOGGER_FILE")).toBe(true);
    }
  });

  it("resolves links, so that two names of one file are one file", () => {
    mkdirSync(join(folder, "real"));
    symlinkSync(join(folder, "real"), join(folder, "link"));
    expect(realPath(join(folder, "link", "log.txt"))).toBe(realPath(join(folder, "real", "log.txt")));
  });
});
