import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { openDirectoryProfileStore } from "@kinglet/storage-client";
import { openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { openLearner } from "./open-learner.ts";

const program = join(import.meta.dirname, "../test/record-for-ever.ts");

/** Lets a process record until it has reported so many acknowledgements, kills it, and returns what it reported. */
async function recordAndKill(folder: string, first: number, count: number): Promise<readonly number[]> {
  const child = spawn(process.execPath, ["--conditions=@kinglet/source", program, folder, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let text = "";
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.split("\n").length > count) child.kill("SIGKILL");
  }
  await exited;
  return text.split("\n").slice(0, -1).map(Number);
}

describe("openLearner", () => {
  it("finds everything again that was acknowledged before signal 9, in the queue or in the store [learning kill]", async () => {
    await using folder = await openTempDir();
    await mkdir(folder.file("store"));
    const acknowledged: number[] = [];
    for (const count of [1, 25, 60]) {
      acknowledged.push(...(await recordAndKill(folder.path, (acknowledged.at(-1) ?? -1) + 1, count)));
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(86);
    const store = await openDirectoryProfileStore({ path: folder.file("store") });
    const controller = new AbortController();
    const learner = await openLearner({
      store,
      clock: systemClock,
      logger: noopLogger,
      metrics: noopMetrics,
      queueDir: folder.file("queue"),
      timings: { claimWithinMs: 1 },
    });
    const running = learner.run({ signal: controller.signal });
    await expect.poll(() => learner.views().queue.profiles, { timeout: 20_000 }).toBe(0);
    const profile = await store.getContainerProfile("shop", "p", { signal: controller.signal });
    const paths = new Set(profile?.spec.execs.map(({ path }) => path));
    expect(acknowledged.filter((number) => !paths.has(`/bin/${number}`))).toEqual([]);
    controller.abort();
    await running;
    await learner[Symbol.asyncDispose]();
  }, 60_000);
});
