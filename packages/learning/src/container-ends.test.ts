import { profileStatus } from "@kinglet/profile";
import { describe, expect, it } from "vitest";
import { exec, LearnerBench, testTimings } from "../test/learner-bench.ts";

const lifecycleOf = (bench: LearnerBench): string => {
  const { status, completion } = profileStatus(bench.store.get("p")!);
  return `${status} ${completion}`.trim();
};

const job = { ownerKind: "Job", ownerApiVersion: "batch/v1", ownerName: "load" } as const;

describe("ContainerEnds", () => {
  it("waits until everything has been told that happened until then [learning behind]", async () => {
    for (const end of ["its time", "exit"]) {
      let isTold = false;
      let asked = 0;
      const caughtUp = (): (() => boolean) => {
        asked += 1;
        return () => isTold;
      };
      await using bench = await LearnerBench.open({ caughtUp });
      const one = bench.start("a", {}, job);
      bench.record(one, exec("/bin/a"));
      if (end === "exit") bench.learner.containerEnded(one.containerId, 0);
      await bench.clock.advance(end === "exit" ? 10_000 : testTimings.maxLearningMs + 10_000);
      expect([lifecycleOf(bench), asked], end).toEqual(["ready", 1]);
      // What was late is still learned.
      bench.record(one, exec("/bin/b"));
      isTold = true;
      await bench.clock.advance(testTimings.lateEventsMs);
      expect(lifecycleOf(bench), end).toBe("completed complete");
      expect(bench.store.get("p")?.spec.execs.map(({ path }) => path)).toEqual(["/bin/a", "/bin/b"]);
    }
  });

  it("does not wait for ever, and calls the profile partial then [learning behind]", async () => {
    await using bench = await LearnerBench.open({ caughtUp: () => () => false });
    const one = bench.start("a", {}, job);
    bench.record(one, exec("/bin/a"));
    bench.learner.containerEnded(one.containerId, 0);
    await bench.clock.advance(99_000);
    expect(lifecycleOf(bench)).toBe("ready");
    await bench.clock.advance(2_000);
    expect(lifecycleOf(bench)).toBe("completed partial");
  });

  it("waits for what was done until the end of a container that ends while its learning time is waited for [learning behind]", async () => {
    const told: boolean[] = [];
    const caughtUp = (): (() => boolean) => {
      const at = told.push(false) - 1;
      return () => told[at] === true;
    };
    await using bench = await LearnerBench.open({ caughtUp });
    const one = bench.start("a", {}, job);
    bench.record(one, exec("/bin/a"));
    await bench.clock.advance(testTimings.maxLearningMs + 1_000);
    expect(told).toEqual([false]);
    bench.learner.containerEnded(one.containerId, 0);
    told[0] = true;
    await bench.clock.advance(10_000);
    expect(told).toEqual([true, false]);
    bench.record(one, exec("/bin/b"));
    told[1] = true;
    await bench.clock.advance(testTimings.lateEventsMs);
    expect(lifecycleOf(bench)).toBe("completed complete");
    expect(bench.store.get("p")?.spec.execs.map(({ path }) => path)).toEqual(["/bin/a", "/bin/b"]);
  });
});
