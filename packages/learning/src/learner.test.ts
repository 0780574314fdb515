import { profileStatus } from "@kinglet/profile";
import { describe, expect, it } from "vitest";
import { exec, LearnerBench, open, testTimings } from "../test/learner-bench.ts";

const statusOf = (bench: LearnerBench): string => {
  const profile = bench.store.get("p");
  if (profile === undefined) return "none";
  const { status, completion } = profileStatus(profile);
  return `${status} ${completion}`.trim();
};

describe("Learner", () => {
  describe("life of a container", () => {
    it("reports first after the initial delay, then each period when there is something new [learning life]", async () => {
      await using bench = await LearnerBench.open();
      const web = bench.start("a");
      bench.record(web, exec("/bin/sh", "-c"), open("/etc/hosts"));
      await bench.clock.advance(1_999);
      expect(bench.store.writes).toEqual([]);
      expect(bench.view(web)?.state).toBe("initializing");
      await bench.clock.advance(1);
      expect(bench.store.writes).toEqual(["p ready"]);
      expect(bench.view(web)?.state).toBe("ready");
      await bench.clock.advance(30_000);
      expect(bench.store.calls).toBe(1);
      bench.record(web, exec("/bin/ls", "-l"));
      await bench.clock.advance(0);
      expect(bench.store.writes).toEqual(["p ready", "p ready"]);
      bench.record(web, exec("/bin/cat", "x"));
      await bench.clock.advance(9_999);
      expect(bench.store.calls).toBe(2);
      await bench.clock.advance(1);
      expect(bench.store.calls).toBe(3);
      expect(bench.store.get("p")?.spec.execs.map(({ path, args }) => [path, args])).toEqual([
        ["/bin/cat", ["/bin/cat", "x"]],
        ["/bin/ls", ["/bin/ls", "-l"]],
        ["/bin/sh", ["/bin/sh", "-c"]],
      ]);
    });

    it("has the reference's times unless told otherwise, and varies them by 5 percent [learning jitter]", async () => {
      const timings = { initialDelayMs: 120_000, updatePeriodMs: 600_000, jitter: 0.05, maxLearningMs: 86_400_000 };
      for (const [random, first, second] of [
        [0, 114_000, 570_000],
        [1, 126_000, 630_000],
      ] as const) {
        await using bench = await LearnerBench.open({ random: () => random, timings });
        const web = bench.start("a");
        bench.record(web, exec("/bin/sh"));
        await bench.clock.advance(first - 1);
        expect(bench.store.calls).toBe(0);
        await bench.clock.advance(1);
        expect(bench.store.calls).toBe(1);
        bench.record(web, exec("/bin/ls"));
        await bench.clock.advance(second - 1);
        expect(bench.store.calls).toBe(1);
        await bench.clock.advance(1);
        expect(bench.store.calls).toBe(2);
      }
    });

    it("completes the profile when the learning time is over, with all that was seen [learning window]", async () => {
      await using bench = await LearnerBench.open();
      const web = bench.start("a");
      bench.record(web, exec("/bin/sh"));
      await bench.clock.advance(95_000);
      bench.record(web, exec("/bin/late"));
      await bench.clock.advance(4_999);
      expect(statusOf(bench)).toBe("ready");
      await bench.clock.advance(1);
      expect(statusOf(bench)).toBe("completed complete");
      expect(bench.store.get("p")?.spec.execs.map(({ path }) => path)).toEqual(["/bin/late", "/bin/sh"]);
      expect(bench.view(web)).toMatchObject({ state: "completed", reason: "its learning time is over" });
      expect(bench.learner.record(exec("/bin/after"), web)).toBe(0);
      await bench.clock.advance(60_000);
      expect(bench.store.get("p")?.spec.execs).toHaveLength(2);
    });

    it("learns as long as the pod's label says [learning window]", async () => {
      await using bench = await LearnerBench.open();
      const label = "kubescape.io/max-sniffing-time";
      const web = bench.start("a", {}, { podLabels: { [label]: "5s" } });
      bench.record(web, exec("/bin/sh"));
      await bench.clock.advance(5_000);
      expect(statusOf(bench)).toBe("completed complete");
      const broken = bench.start("b", { profileName: "q" }, { podLabels: { [label]: "soon" } });
      expect(bench.view(broken)?.learnsUntilMs).toBe(bench.clock.now() + testTimings.maxLearningMs);
    });

    it("counts the learning time from the container's start, not from when it was told [learning window]", async () => {
      await using bench = await LearnerBench.open();
      const web = bench.start("a", { startedAtMs: bench.clock.now() - 99_000 });
      bench.record(web, exec("/bin/sh"));
      await bench.clock.advance(1_000);
      expect(statusOf(bench)).toBe("completed complete");
    });
  });

  describe("end of a container", () => {
    const job = { ownerKind: "Job", ownerApiVersion: "batch/v1", ownerName: "load" } as const;

    it("completes the profile of a short-lived job at once, whole [learning exit] [learning 18]", async () => {
      await using bench = await LearnerBench.open();
      const run = bench.start("a", {}, job);
      bench.record(run, exec("/bin/load", "-x"));
      bench.learner.containerEnded(run.containerId, 0);
      await bench.clock.advance(testTimings.lateEventsMs);
      expect(bench.store.writes).toEqual(["p completed complete"]);
      expect(bench.view(run)).toBeUndefined();
    });

    it("takes events that come a little after the end [learning exit]", async () => {
      await using bench = await LearnerBench.open();
      const run = bench.start("a", {}, job);
      bench.learner.containerEnded(run.containerId, 0);
      await bench.clock.advance(testTimings.lateEventsMs - 1);
      bench.record(run, exec("/bin/load"));
      await bench.clock.advance(1);
      expect(bench.store.get("p")?.spec.execs.map(({ path }) => path)).toEqual(["/bin/load"]);
    });

    it("completes in part what was killed in the middle [learning exit] [learning 06]", async () => {
      await using bench = await LearnerBench.open();
      const web = bench.start("a");
      bench.record(web, exec("/bin/sh"));
      await bench.clock.advance(3_000);
      bench.learner.containerEnded(web.containerId, 137);
      await bench.clock.advance(testTimings.lateEventsMs);
      expect(bench.store.writes).toEqual(["p ready", "p completed partial"]);
    });

    it("waits for an exit code, and takes none for a failure [learning exit]", async () => {
      await using bench = await LearnerBench.open();
      const [known, unknown] = [bench.start("a", {}, job), bench.start("b", { profileName: "q" }, job)];
      for (const one of [known, unknown]) {
        bench.record(one, exec("/bin/load"));
        bench.learner.containerEnded(one.containerId);
      }
      await bench.clock.advance(testTimings.exitCodeWaitMs - 600);
      expect(bench.view(known)?.state).toBe("ending");
      bench.store.writes.length = 0;
      bench.learner.containerEnded(known.containerId, 0);
      await bench.clock.advance(500);
      expect(bench.store.writes).toEqual(["p completed complete"]);
      await bench.clock.advance(100);
      expect(bench.store.writes).toEqual(["p completed complete", "q completed partial"]);
    });

    it("does not take a replica that was stopped in good order for all that the workload does [learning evidence]", async () => {
      await using bench = await LearnerBench.open();
      const web = bench.start("a");
      bench.record(web, exec("/bin/sh"));
      bench.learner.containerEnded(web.containerId, 0);
      await bench.clock.advance(1_000);
      expect(statusOf(bench)).toBe("completed partial");
      const init = bench.start("b", { profileName: "q" }, { containerType: "initContainers" });
      bench.record(init, exec("/bin/init"));
      bench.learner.containerEnded(init.containerId, 0);
      await bench.clock.advance(1_000);
      expect(bench.store.writes.at(-1)).toBe("q completed complete");
    });

    it("goes on with the next container of the workload where the last one failed [learning 16]", async () => {
      await using bench = await LearnerBench.open();
      const first = bench.start("a");
      bench.record(first, exec("/bin/sh"));
      bench.learner.containerEnded(first.containerId, 1);
      await bench.clock.advance(1_000);
      const second = bench.start("b");
      bench.record(second, exec("/bin/sh"), exec("/bin/more"));
      await bench.clock.advance(5_000);
      expect(statusOf(bench)).toBe("completed partial");
      await bench.clock.advance(100_000);
      expect(statusOf(bench)).toBe("completed complete");
      expect(bench.store.get("p")?.spec.execs).toHaveLength(2);
    });
  });

  describe("evidence", () => {
    it("never completes what nothing was seen of: it learns on, and says so [learning evidence]", async () => {
      await using bench = await LearnerBench.open();
      const web = bench.start("a");
      await bench.clock.advance(250_000);
      expect(bench.store.calls).toBe(0);
      expect(bench.view(web)).toMatchObject({
        state: "initializing",
        reason: "nothing was seen in its learning time, which began anew",
      });
      bench.record(web, exec("/bin/sh"));
      await bench.clock.advance(100_000);
      expect(statusOf(bench)).toBe("completed complete");
    });

    it("says nothing of a container that ended unseen [learning evidence]", async () => {
      await using bench = await LearnerBench.open();
      const web = bench.start("a");
      bench.learner.containerEnded(web.containerId, 0);
      await bench.clock.advance(100_000);
      expect([bench.store.calls, bench.view(web), bench.clock.pendingTimers]).toEqual([0, undefined, 0]);
    });

    it("calls nothing complete whose own start was not seen [learning evidence]", async () => {
      await using bench = await LearnerBench.open();
      const web = bench.start("a");
      bench.record(web, open("/etc/hosts"));
      await bench.clock.advance(100_000);
      expect(statusOf(bench)).toBe("completed partial");
      expect(bench.view(web)?.reason).toContain("its own start was not seen");
    });

    it("says nothing of completeness before the end [learning evidence]", async () => {
      await using bench = await LearnerBench.open();
      bench.record(bench.start("a"), exec("/bin/sh"));
      await bench.clock.advance(2_000);
      expect(bench.store.get("p")?.metadata.annotations).not.toHaveProperty("kubescape.io/completion");
    });

    it("completes in part what ran before it was watched [learning partial] [learning 19]", async () => {
      await using bench = await LearnerBench.open();
      const web = bench.start("a", { isAlreadyRunning: true, startedAtMs: bench.clock.now() - 3_600_000 });
      bench.record(web, exec("/bin/sh"));
      await bench.clock.advance(2_000);
      expect(statusOf(bench)).toBe("ready partial");
      await bench.clock.advance(97_999);
      expect(statusOf(bench)).toBe("ready partial");
      await bench.clock.advance(1);
      expect(statusOf(bench)).toBe("completed partial");
    });
  });

  describe("blind times of the sources", () => {
    const at = (bench: LearnerBench, ms: number): number => bench.clock.now() + ms;

    it("make the containers partial that ran meanwhile, and no others [learning blind]", async () => {
      await using bench = await LearnerBench.open();
      const [before, whole] = ["before", "whole"].map((name) => bench.start(name, { profileName: name }));
      bench.record(before!, exec("/bin/sh"));
      bench.learner.containerEnded(before!.containerId, 1);
      await bench.clock.advance(10_000);
      const from = at(bench, -1_000);
      bench.learner.sourceBlind(from, undefined, "all");
      const late = bench.start("other", { profileName: "other", startedAtMs: from + 500 });
      bench.learner.sourceBlind(from, at(bench, 0), "all");
      const after = bench.start("after", { profileName: "after" });
      for (const one of [whole!, late, after]) bench.record(one, exec("/bin/sh"));
      await bench.clock.advance(110_000);
      expect(bench.store.writes.filter((line) => line.includes("completed"))).toEqual([
        "before completed partial",
        "whole completed partial",
        "other completed partial",
        "after completed complete",
      ]);
    });

    it("can hide what a container did last, for as long as sources may be late with it [learning blind]", async () => {
      for (const [afterMs, completion] of [
        [testTimings.lateEventsMs - 1, "partial"],
        [testTimings.lateEventsMs, "complete"],
      ] as const) {
        await using bench = await LearnerBench.open();
        const job = bench.start("job", {}, { ownerKind: "Job", ownerApiVersion: "batch/v1", ownerName: "load" });
        bench.record(job, exec("/bin/sh"));
        const endedAtMs = bench.clock.now();
        bench.learner.containerEnded(job.containerId);
        bench.learner.sourceBlind(endedAtMs + afterMs, undefined, "all");
        bench.learner.containerEnded(job.containerId, 0);
        await bench.clock.advance(60_000);
        expect(statusOf(bench), String(afterMs)).toBe(`completed ${completion}`);
      }
    });

    it("can be about some containers only, and are told with their beginning [learning blind]", async () => {
      await using bench = await LearnerBench.open();
      const [one, two] = [bench.start("a"), bench.start("b", { profileName: "q" })];
      bench.learner.sourceBlind(bench.clock.now(), undefined, [one.containerId, "unknown"]);
      expect(bench.view(one)?.gaps).toEqual(["the sources saw nothing from 2026-01-01T00:00:00.000Z on"]);
      expect(bench.view(two)?.gaps).toEqual([]);
      expect(bench.learner.views().containers).toHaveLength(2);
    });

    it("are remembered in bounded number [learning blind]", async () => {
      await using bench = await LearnerBench.open();
      const start = bench.clock.now();
      for (let time = 0; time < 1_000; time += 1)
        bench.learner.sourceBlind(start + time * 10, start + time * 10 + 1, "all");
      await bench.clock.advance(20_000);
      const [covered, later] = [bench.start("a", { startedAtMs: start + 5 }), bench.start("b", { profileName: "q" })];
      expect(bench.view(covered)?.gaps).toHaveLength(1);
      expect(bench.view(later)?.gaps).toEqual([]);
    });
  });

  describe("what is not learned", () => {
    it("is told with its reason and costs nothing [learning ignored]", async () => {
      await using bench = await LearnerBench.open({ limits: { maxContainers: 3 } });
      const userProfile = { podLabels: { "kubescape.io/user-defined-profile": "mine" } };
      const ignored = [
        bench.start("a", { ignoredBecause: "its namespace is not watched" }),
        bench.start("b", { profileName: "" }),
        bench.start("c", {}, userProfile),
      ];
      for (const one of ignored) expect(bench.learner.record(exec("/bin/sh"), one)).toBe(0);
      expect(ignored.map((one) => bench.view(one)?.reason)).toEqual([
        "its namespace is not watched",
        "its profile cannot have a name",
        "its pod names a user's profile",
      ]);
      await bench.clock.advance(200_000);
      expect([bench.store.calls, bench.clock.pendingTimers]).toEqual([0, 0]);
      // They stand in nobody's way.
      const next = ["d", "e", "f", "g"].map((name) => bench.start(name, { profileName: name }));
      expect(next.map((one) => bench.view(one)?.state)).toEqual([
        "initializing",
        "initializing",
        "initializing",
        undefined,
      ]);
    });

    it("is what the container runtime does in its name [learning execs]", async () => {
      await using bench = await LearnerBench.open();
      const web = bench.start("a");
      const { ExecEvent } = await import("@kinglet/enrichment");
      bench.record(web, new ExecEvent({ sequence: 1, binary: "/proc/self/fd/7", isRuntimeStage: true }));
      expect(bench.view(web)?.entries).toBe(0);
    });
  });

  describe("rest", () => {
    it("has one timer while it learns, at most one a minute when nothing is new, none when nothing is learned [learning idle]", async () => {
      await using bench = await LearnerBench.open({ timings: { updatePeriodMs: 60_000, maxLearningMs: 3_600_000 } });
      expect(bench.clock.pendingTimers).toBe(0);
      const containers = Array.from({ length: 20 }, (_, at) => bench.start(`c${at}x`, { profileName: `p${at}` }));
      for (const one of containers) bench.record(one, exec("/bin/sh"));
      expect(bench.clock.pendingTimers).toBe(1);
      await bench.clock.advance(2_000);
      expect(bench.store.calls).toBe(20);
      expect(bench.clock.nextTimerInMs).toBe(3_598_000);
      for (const one of containers) bench.learner.containerEnded(one.containerId, 1);
      await bench.clock.advance(500);
      expect([bench.store.calls, bench.clock.pendingTimers]).toEqual([40, 0]);
      expect(bench.learner.views().queue).toMatchObject({ profiles: 0, pendingBytes: 0 });
    });

    it("runs once", async () => {
      await using bench = await LearnerBench.open();
      const { signal } = new AbortController();
      await expect(bench.learner.run({ signal })).rejects.toMatchObject({ code: "KINGLET_ERR_LEARNING_RUNNING" });
    });

    it("brings what it learned to the store before it ends, when it has no directory for it [learning queue]", async () => {
      const bench = await LearnerBench.open();
      bench.record(bench.start("a"), exec("/bin/sh"));
      await bench.stop();
      expect(bench.store.writes).toEqual(["p ready"]);
      expect(bench.clock.pendingTimers).toBe(0);
    });
  });
});
