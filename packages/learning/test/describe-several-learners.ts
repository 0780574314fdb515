import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { profileStatus, type ContainerProfile } from "@kinglet/profile";
import { openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { openLearner, type LearnedProfileStore, type Learner } from "../src/index.ts";
import { exec, identityOf, open } from "./learner-bench.ts";

/** A store that several learners write to. */
export interface SharedStore extends AsyncDisposable {
  readonly namespace: string;
  /** What each learner gets: an adapter of its own where that is allowed. */
  readonly store: () => LearnedProfileStore;
  readonly get: (name: string) => Promise<ContainerProfile | undefined>;
}

const LEARNERS = 5;
const timings = {
  initialDelayMs: 20,
  updatePeriodMs: 60,
  maxLearningMs: 3_600_000,
  exitCodeWaitMs: 100,
  lateEventsMs: 20,
  persistDelayMs: 10,
  retryMs: 50,
  maxRetryMs: 200,
  claimWithinMs: 60_000,
};

/** Holds that sensors which learn one workload at the same time end at the same profile, on any store. */
export function describeSeveralLearners(name: string, openStore: () => Promise<SharedStore>): void {
  describe(`several Learners on ${name}`, () => {
    it("end at the union of what they saw, in spite of conflicts and of one that was killed [learning join]", async () => {
      await using shared = await openStore();
      await using folder = await openTempDir();
      const { namespace } = shared;
      const controllers: AbortController[] = [];
      const runs: Promise<void>[] = [];
      const start = async (at: number): Promise<Learner> => {
        const controller = new AbortController();
        const learner = await openLearner({
          store: shared.store(),
          clock: systemClock,
          logger: noopLogger,
          metrics: noopMetrics,
          timings,
          queueDir: folder.file(`node-${at}`),
        });
        controllers[at] = controller;
        runs.push(learner.run({ signal: controller.signal }));
        return learner;
      };
      const identity = (at: number) => identityOf(`n${at}x`, { namespace, podName: `web-77-${at}` });
      const learners: Learner[] = [];
      for (let at = 0; at < LEARNERS; at += 1) {
        const learner = await start(at);
        learners.push(learner);
        learner.containerStarted(identity(at), { profileName: "web", isAlreadyRunning: false });
        learner.record(exec("/bin/common"), identity(at));
      }
      const stateOf = (at: number): string | undefined => learners[at]?.views().containers[0]?.state;
      const all = Array.from({ length: LEARNERS }, (_, at) => at);
      await expect.poll(() => all.map(stateOf), { timeout: 60_000 }).toEqual(all.map(() => "ready"));
      const expected = new Set<string>(["/bin/common"]);
      for (let round = 0; round < 12; round += 1) {
        for (const at of all) {
          const path = `/bin/${at}-${round}`;
          expected.add(path);
          learners[at]!.record(exec(path, "-x"), identity(at));
          learners[at]!.record(open(`/data/${at}/${round}`), identity(at));
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      // One ends in the middle; the next on its node takes up what it left.
      await expect.poll(() => learners[0]?.views().queue.waitingEvents, { timeout: 60_000 }).toBe(0);
      controllers[0]!.abort();
      await learners[0]![Symbol.asyncDispose]();
      learners[0] = await start(0);
      learners[0].containerStarted(identity(0), { profileName: "web", isAlreadyRunning: true });
      for (const at of all) learners[at]!.containerEnded(identity(at).containerId, 137);
      await expect
        .poll(() => learners.map((one) => [one.views().containers.length, one.views().queue.profiles]), {
          timeout: 60_000,
        })
        .toEqual(all.map(() => [0, 0]));
      const profile = await shared.get("web");
      expect(new Set(profile?.spec.execs.map(({ path }) => path))).toEqual(expected);
      expect(profile?.spec.opens).toHaveLength(LEARNERS * 12);
      expect(profileStatus(profile!)).toEqual({ status: "completed", completion: "partial" });
      for (const controller of controllers) controller.abort();
      await Promise.all(runs);
      for (const learner of learners) await learner[Symbol.asyncDispose]();
    }, 120_000);
  });
}
