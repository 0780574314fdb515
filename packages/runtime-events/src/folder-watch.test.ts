import { mkdirSync, mkdtempSync, rmSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { FolderWatch } from "./folder-watch.ts";

describe("FolderWatch", () => {
  it("watches a folder that was made anew at once under the inode of its predecessor", async () => {
    const root = mkdtempSync(join(tmpdir(), "kinglet-watch-"));
    const folder = join(root, "log");
    const path = join(folder, "events.log");
    mkdirSync(folder);
    const clock = new ManualClock();
    let isUnavailable = false;
    const watch = new FolderWatch({
      path,
      clock,
      pollIntervalMs: 1000,
      slowPollMs: 300_000,
      onUnavailable: () => {
        isUnavailable = true;
      },
    });
    const signal = new AbortController().signal;
    try {
      await watch.arm();
      let { version } = watch;
      rmdirSync(folder);
      mkdirSync(folder);
      // No watches left on this machine: then there is nothing to try.
      if (isUnavailable) return;
      await watch.wait(version, signal);
      await watch.arm();
      // What is still on its way from the arming.
      await new Promise((resolve) => setTimeout(resolve, 20));
      ({ version } = watch);
      const waiting = watch.wait(version, signal);
      writeFileSync(path, "x");
      expect(await waiting).toBe("change");
    } finally {
      watch.close();
      rmSync(root, { recursive: true, force: true });
    }
  });
});
