import { describe, expect, it } from "vitest";
import { exec, testTimings } from "../test/learner-bench.ts";
import type { MemoryStore } from "../test/memory-store.ts";
import { ModelFiles } from "../test/model-files.ts";
import { openOn } from "../test/open-on.ts";

const pathsOf = (store: MemoryStore): readonly string[] => store.get("p")?.spec.execs.map(({ path }) => path) ?? [];

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
});
