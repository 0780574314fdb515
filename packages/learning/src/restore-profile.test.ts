import { decodeLine, encodeLine } from "@kinglet/durable-files";
import { profileStatus, type ContainerProfile } from "@kinglet/profile";
import { describe, expect, it } from "vitest";
import { exec, LearnerBench, open, testTimings } from "../test/learner-bench.ts";
import type { MemoryStore } from "../test/memory-store.ts";
import { ModelFiles } from "../test/model-files.ts";
import { openOn } from "../test/open-on.ts";

const job = { ownerKind: "Job", ownerApiVersion: "batch/v1", ownerName: "load" } as const;
const goneOn = { isAlreadyRunning: true, isContinued: true } as const;

const pathsOf = (store: MemoryStore): readonly string[] => store.get("p")?.spec.execs.map(({ path }) => path) ?? [];
const stateOf = (store: MemoryStore): readonly unknown[] => {
  const profile = store.get("p");
  if (profile === undefined) return [];
  const { status, completion } = profileStatus(profile);
  return [`${status} ${completion}`.trim(), pathsOf(store)];
};
/** As somebody who edits the object leaves it. */
const emptied = (store: MemoryStore): void => {
  const profile: ContainerProfile = store.get("p")!;
  store.objects.set("shop/p", { ...profile, spec: { ...profile.spec, execs: [], opens: [] } });
};

/** A learner that has reported `/bin/a`, ended, and left its directory. */
async function afterReport(more = {}): Promise<{ readonly bench: LearnerBench; readonly model: ModelFiles }> {
  const model = new ModelFiles();
  const bench = await openOn(model);
  bench.record(bench.start("a", {}, more), exec("/bin/a"));
  await bench.clock.advance(60_000);
  expect(stateOf(bench.store)).toEqual(["ready", ["/bin/a"]]);
  await bench.stop();
  return { bench, model: model.afterKill() };
}

/** The directory as an earlier version leaves it, which keeps no additions that the store has. */
function asLeftBefore(model: ModelFiles, stored = 4): ModelFiles {
  const after = model.afterKill();
  const [name = ""] = after.names;
  let text = "";
  for (const line of after.content(name).toString("utf8").trim().split("\n")) {
    const record = decodeLine(line) as { readonly t: string };
    if (record.t !== "add") text += encodeLine(record.t === "profile" ? { ...record, stored } : record);
  }
  after.replace(name, Buffer.from(text));
  return after;
}

describe("restoreProfile", () => {
  describe("what the store had before the restart and was taken away there", () => {
    it.each(["before", "after"])(
      "is in the completed profile although somebody emptied it %s the restart [learning restart] [learning evidence]",
      async (when) => {
        const { bench, model } = await afterReport();
        if (when === "before") emptied(bench.store);
        await using next = await openOn(model, bench);
        next.start("a", goneOn);
        await next.clock.advance(1_000);
        if (when === "after") emptied(bench.store);
        await next.clock.advance(40_000);
        expect(stateOf(bench.store)).toEqual(["completed complete", ["/bin/a"]]);
      },
    );

    it("is there again when another learner made the object anew [learning restart] [learning evidence]", async () => {
      const { bench, model } = await afterReport();
      await using next = await openOn(model, bench);
      const web = next.start("a", goneOn);
      await next.clock.advance(1_000);
      bench.store.objects.clear();
      await using other = await LearnerBench.open({ clock: bench.clock, store: bench.store });
      other.record(other.start("b"), exec("/bin/b"));
      await next.clock.advance(12_000);
      expect(stateOf(bench.store)).toEqual(["ready", ["/bin/b"]]);
      next.record(web, exec("/bin/c"));
      await next.clock.advance(30_000);
      expect(stateOf(bench.store)).toEqual(["completed complete", ["/bin/a", "/bin/b", "/bin/c"]]);
    });

    it.each(["before", "after"])(
      "is brought there again when the object was deleted %s the first report [learning restart] [learning evidence]",
      async (when) => {
        const { bench, model } = await afterReport();
        if (when === "before") bench.store.objects.clear();
        await using next = await openOn(model, bench);
        const web = next.start("a", goneOn);
        next.record(web, exec("/bin/b"));
        await next.clock.advance(15_000);
        bench.store.objects.clear();
        await next.clock.advance(25_000);
        expect(stateOf(bench.store)).toEqual(["completed complete", ["/bin/a", "/bin/b"]]);
      },
    );

    it("is brought there again for a job that ends, and after any number of restarts [learning restart] [learning evidence]", async () => {
      const { bench, model } = await afterReport(job);
      const second = await openOn(model, bench);
      second.start("a", goneOn, job);
      await second.clock.advance(1_000);
      await using third = await openOn(model.afterKill(), second);
      const run = third.start("a", goneOn, job);
      bench.store.objects.clear();
      third.learner.containerEnded(run.containerId, 0);
      await third.clock.advance(10_000);
      expect(stateOf(bench.store)).toEqual(["completed complete", ["/bin/a"]]);
      expect(third.learner.views().containers).toEqual([]);
      await second.stop();
    });
  });

  it("says what was seen of a container of which no execution was, and that ended meanwhile [learning restart] [learning evidence]", async () => {
    const model = new ModelFiles();
    const bench = await openOn(model);
    const web = bench.start("a", { isAlreadyRunning: true });
    await bench.clock.advance(200);
    let isAcknowledged = false;
    const event = open("/etc/hosts");
    bench.learner.whenPersisted(bench.learner.record(event, web), event.sequence, () => (isAcknowledged = true));
    await bench.clock.advance(200);
    expect([isAcknowledged, bench.store.calls]).toEqual([true, 0]);
    await using next = await openOn(model.afterKill(), bench);
    await next.clock.advance(testTimings.claimWithinMs + 10_000);
    expect(bench.store.get("p")?.spec.opens.map(({ path }) => path)).toEqual(["/etc/hosts"]);
    expect(stateOf(bench.store)).toEqual(["completed partial", []]);
    await bench.stop();
  });

  describe("the directory of an earlier version, which left to the store what the store had", () => {
    it("makes partial what is learned, and leaves nothing out of what it holds [learning upgrade]", async () => {
      const { bench, model } = await afterReport();
      const left = asLeftBefore(model);
      const next = await openOn(left, bench);
      const web = next.start("a", goneOn);
      next.record(web, exec("/bin/b"));
      await next.clock.advance(200);
      await using last = await openOn(left.afterKill(), next);
      expect(last.learner.views().queue.corruptRecords).toBe(0);
      last.start("a", goneOn);
      expect(last.view(web)?.gaps).toEqual([
        "an earlier version of the sensor left what was learned before to the store",
      ]);
      bench.store.objects.clear();
      await last.clock.advance(40_000);
      expect(stateOf(bench.store)).toEqual(["completed partial", ["/bin/b"]]);
      await next.stop();
    });

    it("completes in part what the store still has [learning upgrade] [learning 16]", async () => {
      const { bench, model } = await afterReport();
      await using next = await openOn(asLeftBefore(model), bench);
      next.start("a", goneOn);
      await next.clock.advance(40_000);
      expect(stateOf(bench.store)).toEqual(["completed partial", ["/bin/a"]]);
    });

    it.each([
      ["emptied", "ready", emptied],
      ["deleted", undefined, (store: MemoryStore) => store.objects.clear()],
    ])("completes nothing when the object was %s [learning upgrade] [learning evidence]", async (_, status, tamper) => {
      const { bench, model } = await afterReport();
      tamper(bench.store);
      await using next = await openOn(asLeftBefore(model), bench);
      const web = next.start("a", goneOn);
      await next.clock.advance(200_000);
      expect(stateOf(bench.store)).toEqual(status === undefined ? [] : [status, []]);
      expect(next.view(web)).toMatchObject({ state: "ready", gaps: { length: 2 } });
    });
  });

  it("writes no empty profile when nothing of what was decided can be read but that it was [learning corrupt] [learning evidence]", async () => {
    const model = new ModelFiles();
    const bench = await openOn(model);
    bench.store.mode = "down";
    const run = bench.start("a", {}, job);
    bench.record(run, exec("/bin/a"));
    bench.learner.containerEnded(run.containerId, 0);
    await bench.clock.advance(5_000);
    bench.store.mode = "works";
    await using next = await openOn(asLeftBefore(model, 0), bench);
    await next.clock.advance(60_000);
    expect([stateOf(bench.store), next.learner.views().queue.profiles]).toEqual([[], 0]);
    await bench.stop();
  });
});
