import { decodeLine, encodeLine } from "@kinglet/durable-files";
import type { ContainerIdentity } from "@kinglet/enrichment";
import { profileStatus } from "@kinglet/profile";
import { describe, expect, it } from "vitest";
import { exec, identityOf, LearnerBench, open, testTimings } from "../test/learner-bench.ts";
import type { MemoryStore } from "../test/memory-store.ts";
import { ModelFiles } from "../test/model-files.ts";
import { openOn } from "../test/open-on.ts";

const job = { ownerKind: "Job", ownerApiVersion: "batch/v1", ownerName: "load" } as const;

/** Acknowledgements of what was recorded. */
function acknowledging(bench: LearnerBench): {
  readonly done: number[];
  readonly record: (identity: ContainerIdentity, path: string) => number;
} {
  const done: number[] = [];
  return {
    done,
    record: (identity, path) => {
      const event = exec(path);
      const position = bench.learner.record(event, identity);
      bench.learner.whenPersisted(position, event.sequence, (sequence) => done.push(sequence));
      return event.sequence;
    },
  };
}

const pathsOf = (store: MemoryStore, name = "p"): readonly string[] =>
  store.get(name)?.spec.execs.map(({ path }) => path) ?? [];
const lifecycleOf = (store: MemoryStore, name = "p"): string => {
  const { status, completion } = profileStatus(store.get(name)!);
  return `${status} ${completion}`.trim();
};

describe("openLearner", () => {
  describe("acknowledgement", () => {
    it("comes when what an event added is in the directory, within a second, in order [learning acknowledged]", async () => {
      await using bench = await openOn(new ModelFiles());
      const { done, record } = acknowledging(bench);
      const web = bench.start("a");
      const sent = ["/bin/a", "/bin/b", "/bin/c"].map((path) => record(web, path));
      expect(done).toEqual([]);
      await bench.clock.advance(testTimings.persistDelayMs - 1);
      expect(done).toEqual([]);
      expect(bench.learner.views().queue.waitingEvents).toBe(3);
      await bench.clock.advance(1);
      expect(done).toEqual(sent);
      expect(bench.store.calls).toBe(0);
    });

    it("comes at once for an event that adds nothing, is not learned, or where there is no directory [learning acknowledged]", async () => {
      await using bench = await openOn(new ModelFiles());
      const { done, record } = acknowledging(bench);
      const web = bench.start("a");
      record(web, "/bin/a");
      await bench.clock.advance(1_000);
      done.length = 0;
      const sent = [record(web, "/bin/a"), record(identityOf("unknown"), "/bin/a")];
      expect(done).toEqual(sent);
      await using without = await LearnerBench.open();
      const other = acknowledging(without);
      const sequence = other.record(without.start("a"), "/bin/a");
      expect(other.done).toEqual([sequence]);
    });

    it("waits while the directory cannot be written, and comes when it can [learning acknowledged]", async () => {
      const model = new ModelFiles();
      await using bench = await openOn(model);
      const { done, record } = acknowledging(bench);
      const web = bench.start("a");
      await bench.clock.advance(200);
      model.failing = "append";
      const sent = [record(web, "/bin/a")];
      await bench.clock.advance(5_000);
      expect(done).toEqual([]);
      expect(bench.learner.views().queue.problem).toContain("no space for append");
      expect(bench.logger.messages("error")).toEqual(["what was learned is not persisted, events wait"]);
      sent.push(record(web, "/bin/b"));
      model.failing = undefined;
      await bench.clock.advance(2_000);
      expect(done).toEqual(sent);
      expect(bench.learner.views().queue.problem).toBe("");
      await using next = await openOn(model.afterKill(), bench);
      await next.clock.advance(1);
      expect(pathsOf(bench.store)).toEqual(["/bin/a", "/bin/b"]);
    });
  });

  describe("restart", () => {
    it("brings to the store what was persisted and not reported, without the container [learning restart]", async () => {
      const model = new ModelFiles();
      const bench = await openOn(model);
      bench.record(bench.start("a"), exec("/bin/a"), open("/etc/hosts"));
      await bench.clock.advance(200);
      expect(bench.store.calls).toBe(0);
      await using next = await openOn(model.afterKill(), bench);
      await next.clock.advance(0);
      expect(pathsOf(next.store)).toEqual(["/bin/a"]);
      expect(lifecycleOf(next.store)).toBe("ready");
      await bench.stop();
    });

    it("counts a container that nobody names any more as ended, and not as whole [learning restart]", async () => {
      const model = new ModelFiles();
      const bench = await openOn(model);
      bench.record(bench.start("a"), exec("/bin/a"));
      await bench.clock.advance(200);
      await using next = await openOn(model.afterKill(), bench);
      await next.clock.advance(testTimings.claimWithinMs);
      expect(lifecycleOf(next.store)).toBe("completed partial");
      await next.clock.advance(1_000);
      expect([next.learner.views().containers, next.clock.pendingTimers - bench.clock.pendingTimers]).toEqual([[], 0]);
      await bench.stop();
    });

    it("goes on with its learning time and still ends completed, in part [learning 16] [learning 17] [learning 22]", async () => {
      const model = new ModelFiles();
      const bench = await openOn(model);
      const web = bench.start("a");
      bench.record(web, exec("/bin/a"));
      await bench.clock.advance(60_000);
      expect(lifecycleOf(bench.store)).toBe("ready");
      await bench.stop();
      await using next = await openOn(model.afterKill(), bench);
      next.start("a", { isAlreadyRunning: true });
      expect(next.view(web)).toMatchObject({ state: "initializing", gaps: ["the learner was restarted meanwhile"] });
      next.record(web, exec("/bin/b"));
      await next.clock.advance(39_999);
      expect(lifecycleOf(next.store)).toBe("ready partial");
      await next.clock.advance(1);
      expect(lifecycleOf(next.store)).toBe("completed partial");
      expect(pathsOf(next.store)).toEqual(["/bin/a", "/bin/b"]);
    });

    it("completes what it saw nothing more of after the restart: the store has what was seen before [learning 16]", async () => {
      const model = new ModelFiles();
      const bench = await openOn(model);
      const web = bench.start("a");
      bench.record(web, exec("/bin/a"));
      await bench.clock.advance(60_000);
      await bench.stop();
      await using next = await openOn(model.afterKill(), bench);
      next.start("a", { isAlreadyRunning: true });
      await next.clock.advance(40_000);
      expect([lifecycleOf(next.store), pathsOf(next.store)]).toEqual(["completed partial", ["/bin/a"]]);
    });

    it("leaves a profile whole whose sources went on where they were [learning restart]", async () => {
      const model = new ModelFiles();
      const bench = await openOn(model);
      const web = bench.start("a");
      bench.record(web, exec("/bin/a"));
      await bench.clock.advance(60_000);
      await bench.stop();
      await using next = await openOn(model.afterKill(), bench);
      next.start("a", { isAlreadyRunning: true, isContinued: true });
      await next.clock.advance(40_000);
      expect(lifecycleOf(next.store)).toBe("completed complete");
    });

    it("does not call whole what ended while no learner ran, whatever its exit code [learning restart]", async () => {
      const model = new ModelFiles();
      const bench = await openOn(model);
      const run = bench.start("a", {}, job);
      bench.record(run, exec("/bin/a"));
      await bench.clock.advance(200);
      await using next = await openOn(model.afterKill(), bench);
      next.learner.containerEnded(run.containerId, 0);
      await next.clock.advance(testTimings.lateEventsMs);
      expect(lifecycleOf(next.store)).toBe("completed partial");
      await bench.stop();
    });

    it("reports an end that was not reported before it was killed [learning restart]", async () => {
      const model = new ModelFiles();
      const bench = await openOn(model);
      bench.store.mode = "down";
      const run = bench.start("a", {}, job);
      bench.record(run, exec("/bin/a"));
      bench.learner.containerEnded(run.containerId, 0);
      await bench.clock.advance(5_000);
      bench.store.mode = "works";
      await using next = await openOn(model.afterKill(), bench);
      await next.clock.advance(0);
      expect(lifecycleOf(next.store)).toBe("completed complete");
      await next.clock.advance(1_000);
      expect(model.afterKill().names).toHaveLength(1);
      await bench.stop();
    });

    it("uses what can be read of a damaged directory, counts the rest and calls nothing whole [learning corrupt]", async () => {
      const model = new ModelFiles();
      const bench = await openOn(model);
      const web = bench.start("a");
      for (const path of ["/bin/a", "/bin/b", "/bin/c"]) {
        bench.record(web, exec(path));
        await bench.clock.advance(200);
      }
      const after = model.afterKill();
      const [name = ""] = after.names;
      const lines = after.content(name).toString("utf8").split("\n");
      const damaged = lines.map((line) => (line.includes("/bin/b") ? `${line.slice(0, 30)}X${line.slice(31)}` : line));
      after.replace(name, Buffer.from([...damaged, '00000000 {"t":"?"}', ""].join("\n")));
      await using next = await openOn(after, bench);
      expect(next.learner.views().queue.corruptRecords).toBe(3);
      expect(next.logger.messages("warn")).toEqual(["records of what was learned cannot be read"]);
      next.start("a", { isAlreadyRunning: true, isContinued: true });
      await next.clock.advance(100_000);
      expect([lifecycleOf(next.store), pathsOf(next.store)]).toEqual(["completed partial", ["/bin/a", "/bin/c"]]);
      await bench.stop();
    });

    it.each([
      ["container", "gaps", undefined],
      ["container", "init", { containerId: "a" }],
      ["container", "claim", { status: 1 }],
      ["profile", "head", undefined],
      ["profile", "head", { namespace: "shop", name: "p" }],
      ["profile", "stored", "1"],
      ["profile", "observed", 7],
      ["add", "n", null],
      ["add", "k", undefined],
    ])("begins although the %s records have another %s [learning corrupt]", async (kind, key, value) => {
      const model = new ModelFiles();
      const bench = await openOn(model);
      bench.record(bench.start("a"), exec("/bin/a"));
      await bench.clock.advance(200);
      const after = model.afterKill();
      const [name = ""] = after.names;
      const records = after.content(name).toString("utf8").trim().split("\n").map(decodeLine) as { t: string }[];
      const changed = records.map((record) => encodeLine(record.t === kind ? { ...record, [key]: value } : record));
      after.replace(name, Buffer.from(changed.join("")));
      await using next = await openOn(after, bench);
      expect(next.learner.views().queue.corruptRecords).toBeGreaterThan(0);
      bench.record(next.start("b"), exec("/bin/b"));
      await next.clock.advance(100_000);
      await bench.stop();
    });

    it("brings to the store what it finds of a container that it can say nothing of [learning corrupt]", async () => {
      const model = new ModelFiles();
      const bench = await openOn(model);
      bench.record(bench.start("a"), exec("/bin/a"));
      await bench.clock.advance(200);
      const after = model.afterKill();
      const [name = ""] = after.names;
      const lines = after.content(name).toString("utf8").split("\n");
      after.replace(name, Buffer.from(lines.filter((line) => !line.includes('"container"')).join("\n")));
      await using next = await openOn(after, bench);
      await next.clock.advance(0);
      expect([lifecycleOf(next.store), pathsOf(next.store)]).toEqual(["ready partial", ["/bin/a"]]);
      expect(next.learner.views().containers).toEqual([]);
      await bench.stop();
    });

    it("refuses a directory that cannot be used", async () => {
      const opened = LearnerBench.open({ queueDir: `${import.meta.filename}/queue` });
      await expect(opened).rejects.toMatchObject({ code: "KINGLET_ERR_LEARNING_QUEUE" });
    });
  });

  describe("store that fails", () => {
    it("is tried again with growing pauses until it takes everything [learning retry]", async () => {
      await using bench = await openOn(new ModelFiles(), undefined, { random: () => 0 });
      bench.store.mode = "down";
      const run = bench.start("a", {}, job);
      bench.record(run, exec("/bin/a"));
      bench.learner.containerEnded(run.containerId, 0);
      const calls: number[] = [];
      for (let second = 0; second < 40; second += 1) {
        await bench.clock.advance(1_000);
        if (bench.store.calls > calls.length) calls.push(second);
      }
      expect(calls).toEqual([0, 1, 3, 7, 15, 23, 31, 39]);
      bench.store.mode = "works";
      await bench.clock.advance(8_000);
      expect(bench.store.writes).toEqual(["p completed complete"]);
      expect(bench.learner.views().queue).toMatchObject({ profiles: 0, pendingBytes: 0 });
    });

    it("does not starve others over an object that nobody can use [learning retry]", async () => {
      await using bench = await openOn(new ModelFiles(), undefined, { limits: { maxReportAttempts: 3 } });
      const broken = bench.start("a", { profileName: "broken" }, job);
      const good = bench.start("b", { profileName: "good" }, job);
      bench.record(broken, exec("/bin/a"));
      bench.record(good, exec("/bin/a"));
      bench.store.broken.add("broken");
      for (const one of [broken, good]) bench.learner.containerEnded(one.containerId, 0);
      await bench.clock.advance(1_000);
      expect(bench.store.writes).toEqual(["good completed complete"]);
      expect(bench.store.calls).toBe(2);
      await bench.clock.advance(60_000);
      expect(bench.store.calls).toBe(4);
      expect(bench.logger.messages("warn")).toEqual(["a learned profile is given up"]);
      expect(bench.clock.pendingTimers).toBe(0);
    });

    it("makes the oldest profiles go first when more wait than may, whole ones never [learning evicted]", async () => {
      const model = new ModelFiles();
      await using bench = await openOn(model, undefined, { limits: { maxQueuedProfiles: 3 } });
      bench.store.mode = "down";
      for (let at = 0; at < 6; at += 1) {
        const run = bench.start(`r${at}x`, { profileName: `p${at}` }, job);
        bench.record(run, exec("/bin/a"));
        bench.learner.containerEnded(run.containerId, 0);
        await bench.clock.advance(1_000);
      }
      const web = bench.start("web", { profileName: "web" });
      bench.record(web, exec("/bin/a"));
      expect(bench.learner.views().queue.profiles).toBe(4);
      bench.store.mode = "works";
      await bench.clock.advance(20_000);
      expect([...bench.store.objects.keys()].toSorted()).toEqual(["shop/p3", "shop/p4", "shop/p5", "shop/web"]);
      expect(bench.learner.views().queue.profiles).toBe(0);
    });

    it("holds no place of a running container with one that ended [learning bounds]", async () => {
      await using bench = await openOn(new ModelFiles(), undefined, { limits: { maxContainers: 2 } });
      bench.store.mode = "down";
      for (let at = 0; at < 50; at += 1) {
        const run = bench.start(`r${at}x`, {}, job);
        bench.record(run, exec("/bin/a"));
        expect(bench.view(run)?.state).toBe("initializing");
        bench.learner.containerEnded(run.containerId, at % 2);
        await bench.clock.advance(1_000);
      }
      bench.store.mode = "works";
      await bench.clock.advance(10_000);
      expect(bench.store.writes).toEqual(["p completed complete"]);
    });
  });

  it("keeps the directory small while a container learns for long [learning bounds]", async () => {
    const model = new ModelFiles();
    await using bench = await openOn(model, undefined, { timings: { updatePeriodMs: 1_000 } });
    const web = bench.start("a");
    for (let at = 0; at < 30_000; at += 1) {
      bench.record(web, open(`/tmp/file-${at}-${"x".repeat(50)}`));
      if (at % 300 === 0) await bench.clock.advance(600);
      expect(bench.learner.views().queue.directoryBytes).toBeLessThan(1_200_000);
    }
    expect(model.names).toHaveLength(1);
  });
});
