import { profileStatus } from "@kinglet/profile";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exec, LearnerBench, open, testTimings } from "../test/learner-bench.ts";

const { maxLearningMs, lateEventsMs, exitCodeWaitMs } = testTimings;

type Step =
  | { readonly what: "exec" | "open" | "blind" }
  | { readonly what: "advance"; readonly ms: number }
  | { readonly what: "store"; readonly isDown: boolean };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step>({ what: "exec" }, { what: "open" }),
  { weight: 2, arbitrary: fc.constantFrom(0, 100, 2_000, 9_000, 40_000).map((ms): Step => ({ what: "advance", ms })) },
  { weight: 1, arbitrary: fc.boolean().map((isDown): Step => ({ what: "store", isDown })) },
  fc.constant<Step>({ what: "blind" }),
);
const anyHistory = fc.record({
  isAlreadyRunning: fc.boolean(),
  isJob: fc.boolean(),
  steps: fc.array(anyStep, { maxLength: 12 }),
  /** How it ends; undefined: it does not. */
  end: fc.option(fc.constantFrom(0, 1, "unknown" as const), { nil: undefined }),
});

/** What happened, as an obvious rule needs it. */
interface History {
  isPartial: boolean;
  hasExec: boolean;
  isSeen: boolean;
  isOver: boolean;
}

describe("Learner", () => {
  it("says of a container what an obvious rule over its history says, whatever the store did [learning model]", async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory, async ({ isAlreadyRunning, isJob, steps, end }) => {
        await using bench = await LearnerBench.open();
        const startMs = bench.clock.now();
        const owner = isJob ? { ownerKind: "Job", ownerApiVersion: "batch/v1", ownerName: "load" } : {};
        const container = bench.start("a", { isAlreadyRunning }, owner);
        const history: History = { isPartial: isAlreadyRunning, hasExec: false, isSeen: false, isOver: false };
        let windowEndMs = startMs + maxLearningMs;
        const advance = async (ms: number): Promise<void> => {
          await bench.clock.advance(ms);
          while (bench.clock.now() >= windowEndMs && !history.isOver) {
            if (history.isSeen) history.isOver = true;
            else windowEndMs += maxLearningMs;
          }
        };
        for (const step of steps) {
          if (step.what === "advance") await advance(step.ms);
          else if (step.what === "store") bench.store.mode = step.isDown ? "down" : "works";
          else if (step.what === "blind") {
            bench.learner.sourceBlind(bench.clock.now(), undefined, "all");
            if (!history.isOver) history.isPartial = true;
          } else {
            bench.record(container, step.what === "exec" ? exec("/bin/sh") : open("/etc/hosts"));
            if (history.isOver) continue;
            history.isSeen = true;
            if (step.what === "exec") history.hasExec = true;
          }
        }
        bench.store.mode = "works";
        const isEnding = end !== undefined && !history.isOver;
        if (end !== undefined) bench.learner.containerEnded(container.containerId, end === "unknown" ? undefined : end);
        await advance(end === undefined ? 2 * maxLearningMs : Math.max(lateEventsMs, exitCodeWaitMs));
        await bench.clock.advance(60_000);
        const profile = bench.store.get("p");
        if (!history.isSeen) {
          expect(profile).toBeUndefined();
          return;
        }
        const isWhole = history.hasExec && !history.isPartial && (!isEnding || (end === 0 && isJob));
        expect(profileStatus(profile!)).toEqual({ status: "completed", completion: isWhole ? "complete" : "partial" });
        expect(profile!.spec.execs.length + profile!.spec.opens.length).toBeGreaterThan(0);
        if (end !== undefined) expect(bench.learner.views().containers).toEqual([]);
        expect(bench.clock.pendingTimers).toBe(0);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
