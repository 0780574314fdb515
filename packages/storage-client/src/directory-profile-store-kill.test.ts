import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { openDirectoryProfileStore } from "./open-directory-profile-store.ts";

const writer = join(import.meta.dirname, "../test/put-for-ever.ts");

/** Lets a process write until it has reported so many writes, kills it, and returns the last version that it reported. */
async function writeAndKill(path: string, writes: number): Promise<string> {
  const child = spawn(process.execPath, ["--conditions=@kinglet/source", writer, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let text = "";
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.split("\n").length > writes) child.kill("SIGKILL");
  }
  await exited;
  return text.split("\n").at(-2) ?? "";
}

describe("openDirectoryProfileStore", () => {
  it("holds a whole object after its writer was killed with signal 9, and goes on from there [store crash]", async () => {
    const path = await mkdtemp(join(tmpdir(), "kinglet store "));
    const { signal } = new AbortController();
    try {
      for (const writes of [1, 7, 20]) {
        const reported = await writeAndKill(path, writes);
        expect(reported).toMatch(/^[0-9a-f]{32}$/);
        const store = await openDirectoryProfileStore({ path });
        const profile = await store.getContainerProfile("shop", "web", { signal });
        const folders = new Set(profile?.spec.opens.map((open) => open.path.split("/")[1]));
        expect(profile?.spec.opens).toHaveLength(2_000);
        expect(folders.size).toBe(1);
        // The object, and at most one unfinished write.
        expect((await readdir(join(path, "shop"))).length).toBeLessThanOrEqual(2);
      }
    } finally {
      await rm(path, { recursive: true });
    }
  }, 30_000);
});
