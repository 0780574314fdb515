import { profileStatus } from "@kinglet/profile";
import { describe, expect, it } from "vitest";
import { exec, testTimings } from "../test/learner-bench.ts";
import { MemoryStore } from "../test/memory-store.ts";
import { ModelFiles } from "../test/model-files.ts";
import { openOn } from "../test/open-on.ts";
import type { JournalFiles } from "./journal-files.ts";

const pathsOf = (store: MemoryStore): readonly string[] => store.get("p")?.spec.execs.map(({ path }) => path) ?? [];

/** A disk that takes its time: from `hold` on every piece waits for `release`. `late` counts what was written to files that were closed. */
function slowDisk(model: ModelFiles): {
  readonly files: JournalFiles;
  readonly state: { late: number; waiting: number; isGivenBack: boolean };
  readonly hold: () => void;
  readonly release: () => void;
} {
  const state = { late: 0, waiting: 0, isGivenBack: false };
  let gate: PromiseWithResolvers<void> | undefined;
  const files: JournalFiles = {
    ...model.files,
    lock: async () => ({
      [Symbol.asyncDispose]: async () => {
        state.isGivenBack = true;
      },
    }),
    create: async (path) => {
      if (state.isGivenBack) state.late += 1;
      const file = await model.files.create(path);
      let isClosed = false;
      return {
        append: async (bytes) => {
          state.waiting += 1;
          await gate?.promise;
          state.waiting -= 1;
          if (isClosed) state.late += 1;
          await file.append(bytes);
        },
        sync: () => file.sync(),
        close: async () => {
          isClosed = true;
        },
      };
    },
  };
  return {
    files,
    state,
    hold: () => (gate = Promise.withResolvers<void>()),
    release: () => {
      gate?.resolve();
      gate = undefined;
    },
  };
}

describe("LearningQueue", () => {
  it("writes much in small pieces, of which none is missing afterwards, wherever it was killed [learning queue] [learning kill]", async () => {
    const model = new ModelFiles();
    const bench = await openOn(model);
    let done = 0;
    const web = bench.start("a");
    await bench.clock.advance(200);
    const programs = Array.from({ length: 600 }, (_, at) => `/usr/bin/${"program-".repeat(20)}${String(at)}`);
    for (const path of programs) {
      const event = exec(path);
      bench.learner.whenPersisted(bench.learner.record(event, web), event.sequence, () => (done += 1));
    }
    const before = model.steps.length;
    await bench.clock.advance(200);
    expect(done).toBe(programs.length);
    const pieces = model.steps.slice(before).flatMap((step) => (step.kind === "append" ? [step.bytes.length] : []));
    expect(pieces.length).toBeGreaterThan(1);
    expect(Math.max(...pieces)).toBeLessThan(140_000);
    // Appended, and once more from the beginning.
    for (const needsRewrite of [false, true]) {
      const killed = model.afterKill();
      const next = await openOn(killed, bench);
      if (needsRewrite) {
        next.start("b", { profileName: "q" });
        await next.clock.advance(200);
      }
      await using last = await openOn(killed.afterKill(), next);
      await last.clock.advance(testTimings.claimWithinMs);
      expect(pathsOf(last.store)).toHaveLength(programs.length);
      last.store.objects.clear();
      await next.stop();
    }
    // Killed between two pieces: what is there does no harm, and all of it comes again, since nothing of it was acknowledged.
    const [after] = [...model.afterPowerFailure(before + 1)].slice(-1);
    await using half = await openOn(after!, bench);
    expect(half.learner.views().queue.corruptRecords).toBe(0);
    const again = half.start("a", { isAlreadyRunning: true, isContinued: true });
    half.record(again, ...programs.map((path) => exec(path)));
    await half.clock.advance(100_000);
    expect(pathsOf(half.store)).toHaveLength(programs.length);
    await bench.stop();
  });

  it("ends after the write that is under way, and after one of what came meanwhile [learning queue] [learning acknowledged]", async () => {
    const model = new ModelFiles();
    const disk = slowDisk(model);
    const bench = await openOn(model, undefined, { files: disk.files });
    const web = bench.start("a");
    await bench.clock.advance(200);
    const done: string[] = [];
    const record = (path: string): void => {
      const event = exec(path);
      bench.learner.whenPersisted(bench.learner.record(event, web), event.sequence, () => done.push(path));
    };
    disk.hold();
    record("/bin/a");
    await bench.clock.advance(200);
    record("/bin/b");
    expect(disk.state.waiting).toBe(1);
    let isStopped = false;
    const stopped = bench.stop().then(() => (isStopped = true));
    await bench.clock.advance(10_000);
    expect([isStopped, disk.state.isGivenBack, done]).toEqual([false, false, []]);
    disk.release();
    await stopped;
    expect([disk.state.late, disk.state.isGivenBack, done]).toEqual([0, true, ["/bin/a", "/bin/b"]]);
    // What comes after the end is nobody's: neither written nor acknowledged.
    const steps = model.steps.length;
    record("/bin/c");
    await bench.clock.advance(10_000);
    expect([model.steps.length, disk.state.late, done]).toEqual([steps, 0, ["/bin/a", "/bin/b"]]);
    await using next = await openOn(model.afterKill(), bench);
    await next.clock.advance(testTimings.claimWithinMs);
    expect(pathsOf(next.store)).toEqual(["/bin/a", "/bin/b"]);
  });

  it("says of a profile what its additions go with, although a report is answered between the two [learning queue] [learning kill]", async () => {
    const model = new ModelFiles();
    const disk = slowDisk(model);
    const store = new MemoryStore();
    const answer = Promise.withResolvers<void>();
    const slowStore: Pick<MemoryStore, "update"> = {
      update: async (...call) => {
        await answer.promise;
        return await store.update(...call);
      },
    };
    const bench = await openOn(model, undefined, { files: disk.files, store: slowStore });
    const names = Array.from({ length: 300 }, (_, at) => `a${String(at).padStart(3, "x")}`);
    for (const name of names) bench.record(bench.start(name), exec("/bin/a"));
    // The report is under way.
    await bench.clock.advance(testTimings.initialDelayMs);
    model.failing = "append";
    bench.start("z");
    await bench.clock.advance(testTimings.persistDelayMs);
    model.failing = undefined;
    // Everything is written anew; the records of the containers take more than one piece.
    disk.hold();
    await bench.clock.advance(testTimings.retryMs);
    expect(disk.state.waiting).toBe(1);
    answer.resolve();
    await bench.clock.advance(0);
    expect(store.writes).toEqual(["p ready"]);
    disk.release();
    await bench.clock.advance(0);
    // Killed before it was written that the store has it: the directory does not rely on that.
    const killed = model.afterKill();
    store.objects.clear();
    bench.kill();
    await using next = await openOn(killed, undefined, { clock: bench.clock, store });
    await next.clock.advance(testTimings.claimWithinMs);
    expect(pathsOf(store)).toEqual(["/bin/a"]);
    expect(profileStatus(store.get("p")!).status).toBe("completed");
    await bench.stop();
  });
});
