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
import * as fc from "fast-check";
import { exec, identityOf, type LearnerBench } from "../test/learner-bench.ts";
import type { MemoryStore } from "../test/memory-store.ts";
import { ModelFiles } from "../test/model-files.ts";
import { openOn } from "../test/open-on.ts";
import { isLearning } from "./learning-state.ts";
import { openLearner } from "./open-learner.ts";

const program = join(import.meta.dirname, "../test/record-for-ever.ts");

const pathsOf = (store: MemoryStore, name: string): readonly string[] =>
  store.get(name)?.spec.execs.map(({ path }) => path) ?? [];

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

  const step = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant("record" as const), fc.integer({ min: 0, max: 30 })) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("start" as const), fc.integer({ min: 0, max: 3 })) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("end" as const), fc.integer({ min: 0, max: 3 })) },
    { weight: 5, arbitrary: fc.tuple(fc.constant("advance" as const), fc.constantFrom(0, 50, 150, 2_500, 30_000)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("store" as const), fc.integer({ min: 0, max: 1 })) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("disk" as const), fc.integer({ min: 0, max: 2 })) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("kill" as const), fc.constant(0)) },
  );

  it("loses nothing that was acknowledged, whatever happens and whenever it is killed [learning kill]", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        let model = new ModelFiles();
        let bench = await openOn(model);
        const { clock, store } = bench;
        /** What a source has delivered in this run; after a restart it begins at the first that is not done. */
        let delivered: { readonly name: string; readonly path: string; isDone: boolean }[] = [];
        const acknowledged: typeof delivered = [];
        const killed: LearnerBench[] = [];
        const deliver = (name: string, path: string): void => {
          const event = exec(path);
          const entry = { name, path, isDone: false };
          delivered.push(entry);
          const state = bench.view(identityOf(name))?.state;
          const position = bench.learner.record(event, identityOf(name));
          if (state === undefined || !isLearning(state)) delivered.pop();
          else bench.learner.whenPersisted(position, event.sequence, () => (entry.isDone = true));
        };
        const restart = async (): Promise<void> => {
          model = model.afterKill();
          killed.push(bench);
          const firstOpen = delivered.findIndex(({ isDone }) => !isDone);
          const open = firstOpen === -1 ? [] : delivered.slice(firstOpen);
          acknowledged.push(...delivered.slice(0, delivered.length - open.length));
          delivered = [];
          bench = await openOn(model, bench);
          for (const { name, path } of open) deliver(name, path);
        };
        for (const [what, value] of steps) {
          const name = `c${value % 4}x`;
          if (what === "start") bench.start(name, { profileName: name, isAlreadyRunning: killed.length > 0 });
          else if (what === "end") bench.learner.containerEnded(identityOf(name).containerId, value % 2);
          else if (what === "record") deliver(name, `/bin/${value}`);
          else if (what === "advance") await clock.advance(value);
          else if (what === "store") store.mode = value === 0 ? "down" : "works";
          else if (what === "disk") model.failing = ([undefined, "append", "create"] as const)[value];
          else await restart();
        }
        model.failing = undefined;
        store.mode = "works";
        await restart();
        await clock.advance(60_000);
        for (const { name, path } of acknowledged) expect(pathsOf(store, name)).toContain(path);
        for (const one of [...killed, bench]) await one.stop();
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
