import { ExecEvent } from "@kinglet/enrichment";
import { ManualClock, type ClockTimer } from "@kinglet/lifecycle";
import { profileStatus } from "@kinglet/profile";
import { describe, expect, it } from "vitest";
import { exec, LearnerBench, testTimings } from "../test/learner-bench.ts";

class CountingClock extends ManualClock {
  started = 0;

  override startTimer(run: () => void, delayMs: number): ClockTimer {
    this.started += 1;
    return super.startTimer(run, delayMs);
  }
}

describe("Learner over the life of a node", () => {
  it("forgets replicas that end after their profile was completed together [learning bounds]", async () => {
    await using bench = await LearnerBench.open();
    const replicas = ["a", "b", "c"].map((name) => bench.start(name));
    for (const replica of replicas) bench.record(replica, exec("/bin/sh"));
    await bench.clock.advance(testTimings.maxLearningMs + testTimings.updatePeriodMs);
    for (const { containerId } of replicas) bench.learner.containerEnded(containerId, 0);
    await bench.clock.advance(60_000);
    expect(bench.learner.views().containers).toEqual([]);
  });

  it("keeps what each container did apart, however many did nothing before [learning bounds]", async () => {
    await using bench = await LearnerBench.open();
    const [a, b, c] = ["a", "b", "c"].map((name) => bench.start(name, { profileName: name }));
    bench.record(a!, exec("/bin/a"));
    bench.learner.recordRulePolicy(b!, "R1010", "ln");
    bench.record(b!, exec("/bin/b"));
    expect([a, b, c].map((one) => bench.view(one!)?.entries)).toEqual([1, 2, 0]);
    await bench.clock.advance(testTimings.initialDelayMs);
    expect(bench.store.get("a")?.spec.execs.map(({ path }) => path)).toEqual(["/bin/a"]);
    expect(bench.store.get("a")?.spec.rulePolicies).toEqual({});
    expect(bench.store.get("c")).toBeUndefined();
  });

  it("gives the places of containers that are learned and run on to those that come [learning bounds]", async () => {
    await using bench = await LearnerBench.open({ limits: { maxContainers: 2 } });
    const done = bench.start("a", { profileName: "a" });
    bench.record(done, exec("/bin/sh"));
    await bench.clock.advance(testTimings.maxLearningMs);
    const second = bench.start("b", { profileName: "b" });
    const third = bench.start("c", { profileName: "c" });
    const fourth = bench.start("d", { profileName: "d" });
    expect([done, second, third, fourth].map((one) => bench.view(one)?.state)).toEqual([
      undefined,
      "initializing",
      "initializing",
      undefined,
    ]);
    // Told again it is what it was before: its profile is final.
    bench.learner.containerEnded(second.containerId, 0);
    await bench.clock.advance(testTimings.maxLearningMs);
    bench.start("a", { profileName: "a" });
    bench.record(done, exec("/bin/other"));
    await bench.clock.advance(testTimings.updatePeriodMs);
    expect(bench.store.get("a")?.spec.execs.map(({ path }) => path)).toEqual(["/bin/sh"]);
  });

  it("takes no list of what ran before for a start that was seen [learning evidence]", async () => {
    await using bench = await LearnerBench.open();
    const web = bench.start("a");
    const replay = new ExecEvent({ sequence: 1, binary: "/app", args: "", isReplay: true });
    bench.record(web, replay);
    await bench.clock.advance(testTimings.maxLearningMs);
    const { status, completion } = profileStatus(bench.store.get("p")!);
    expect(`${status} ${completion}`).toBe("completed partial");
    expect(bench.view(web)?.reason).toBe("its learning time is over; partial: its own start was not seen");
  });

  it("holds nothing of what a container did once its profile is in the store [learning bounds]", async () => {
    await using bench = await LearnerBench.open();
    const web = bench.start("a");
    bench.record(web, exec("/bin/sh"));
    expect(bench.view(web)).toMatchObject({ entries: 1 });
    await bench.clock.advance(testTimings.maxLearningMs);
    expect(bench.store.get("p")?.spec.execs).toHaveLength(1);
    expect(bench.view(web)).toMatchObject({ state: "completed", entries: 0, bytes: 0, pendingBytes: 0 });
    // What ended learning takes nothing in, so that what holds nothing is nobody's.
    expect(bench.record(web, exec("/bin/later"))).toEqual([0]);
    const other = bench.start("b", { profileName: "q" });
    bench.record(other, exec("/bin/sh"));
    await bench.clock.advance(testTimings.maxLearningMs);
    expect([bench.view(web)?.entries, bench.view(other)?.entries, bench.view(other)?.profileName]).toEqual([0, 0, "q"]);
  });

  it("is not woken for containers of which there is nothing to say, until their learning time is over [learning idle]", async () => {
    const clock = new CountingClock();
    await using bench = await LearnerBench.open({ clock, timings: { maxLearningMs: 86_400_000 } });
    const web = bench.start("a");
    const quiet = bench.start("b", { profileName: "quiet" });
    bench.record(web, exec("/bin/sh"));
    await bench.clock.advance(2 * testTimings.updatePeriodMs);
    expect(bench.store.writes).toEqual(["p ready"]);
    clock.started = 0;
    await bench.clock.advance(3_600_000);
    // One that is armed for the end of the learning time and waits there.
    expect(clock.started).toBe(0);
    expect(bench.view(quiet)).toMatchObject({ state: "initializing", nextReportAtMs: undefined });
    // What it does then is reported at once: the first delay is long over.
    bench.record(quiet, exec("/bin/late"));
    await bench.clock.advance(0);
    expect(bench.store.get("quiet")?.spec.execs).toHaveLength(1);
  });

  it("is woken no more once every container is settled [learning idle]", async () => {
    const clock = new CountingClock();
    await using bench = await LearnerBench.open({ clock });
    const web = bench.start("a");
    bench.record(web, exec("/bin/sh"));
    await bench.clock.advance(testTimings.maxLearningMs + testTimings.updatePeriodMs);
    expect(profileStatus(bench.store.get("p")!).status).toBe("completed");
    clock.started = 0;
    for (let at = 0; at < 100; at += 1) bench.record(web, exec(`/bin/${String(at)}`));
    await bench.clock.advance(86_400_000);
    expect(clock.started).toBe(0);
  });

  it("says until when it learns, also where its learning time began anew, and what a label is that is no duration", async () => {
    await using bench = await LearnerBench.open();
    const web = bench.start("a", {}, { podLabels: { "kubescape.io/max-sniffing-time": "banana" } });
    expect(bench.view(web)?.reason).toBe(
      'it is learned from its start; the pod\'s label kubescape.io/max-sniffing-time is no duration and counts for nothing: "banana"',
    );
    expect(bench.view(web)?.learnsUntilMs).toBe(bench.clock.now() + testTimings.maxLearningMs);
    await bench.clock.advance(testTimings.maxLearningMs);
    expect(bench.view(web)?.learnsUntilMs).toBe(bench.clock.now() + testTimings.maxLearningMs);
  });

  it("looks at a container that does nothing once a minute, whatever its pod's label says [learning idle]", async () => {
    const clock = new CountingClock();
    await using bench = await LearnerBench.open({ clock });
    const web = bench.start("a", {}, { podLabels: { "kubescape.io/max-sniffing-time": "1ns" } });
    await bench.clock.advance(1_000);
    expect(bench.view(web)?.reason).toBe("nothing was seen in its learning time, which began anew");
    await bench.clock.advance(testTimings.updatePeriodMs);
    clock.started = 0;
    await bench.clock.advance(180_000);
    expect(clock.started).toBeLessThanOrEqual(4);
    bench.record(web, exec("/bin/sh"));
    await bench.clock.advance(60_000);
    expect(profileStatus(bench.store.get("p")!).status).toBe("completed");
  });

  it("calls a container that was taken for ended and is told again no more than partial [learning evidence]", async () => {
    await using bench = await LearnerBench.open();
    const startedAtMs = bench.clock.now();
    const web = bench.start("a");
    bench.record(web, exec("/bin/sh"));
    bench.learner.containerEnded(web.containerId);
    await bench.clock.advance(testTimings.exitCodeWaitMs + testTimings.updatePeriodMs);
    expect(bench.record(web, exec("/bin/missed"))).toEqual([0]);
    bench.start("a", { startedAtMs });
    bench.record(web, exec("/bin/again"));
    expect(bench.view(web)?.gaps).toEqual(["it was taken for ended for a while"]);
    await bench.clock.advance(testTimings.maxLearningMs);
    const { status, completion } = profileStatus(bench.store.get("p")!);
    expect(`${status} ${completion}`).toBe("completed partial");
  });

  it("hears of a blind time that nobody told it yet before it calls anything complete [learning evidence]", async () => {
    const clock = new ManualClock();
    let tell = (): void => {};
    await using bench = await LearnerBench.open({ clock, onDeciding: () => tell() });
    const web = bench.start("a");
    bench.record(web, exec("/bin/sh"));
    await bench.clock.advance(testTimings.maxLearningMs - 1_000);
    const lostAtMs = clock.now();
    tell = () => bench.learner.sourceBlind(lostAtMs, lostAtMs + 10, "all");
    await bench.clock.advance(1_000);
    const { status, completion } = profileStatus(bench.store.get("p")!);
    expect(`${status} ${completion}`).toBe("completed partial");
  });
});
