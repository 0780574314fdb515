import { joinProfiles } from "@kinglet/profile/merging";
import { parseContainerProfile, profileStatus, type ContainerProfile } from "@kinglet/profile";
import { openDirectoryProfileStore } from "@kinglet/storage-client";
import { openTempDir } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { exec, LearnerBench, open } from "../test/learner-bench.ts";
import { MemoryStore } from "../test/memory-store.ts";

const stored = (status: string, completion = "", spec: unknown = {}): ContainerProfile => {
  const annotations = { "kubescape.io/status": status, "kubescape.io/completion": completion };
  return parseContainerProfile({ metadata: { namespace: "shop", name: "p", annotations }, spec });
};
const withStored = async (profile: ContainerProfile, more = {}): Promise<LearnerBench> => {
  const store = new MemoryStore();
  store.objects.set("shop/p", profile);
  return await LearnerBench.open({ store, ...more });
};
const lifecycleOf = (store: MemoryStore): string => {
  const { status, completion } = profileStatus(store.get("p")!);
  return `${status} ${completion}`.trim();
};
const pathsOf = (store: MemoryStore): readonly string[] => store.get("p")!.spec.execs.map(({ path }) => path);

describe("reports of a Learner", () => {
  describe("a profile that is final", () => {
    it("is left alone: what a later container does is not learned [learning final] [learning 15]", async () => {
      await using bench = await withStored(stored("completed", "complete", { execs: [{ path: "/bin/known" }] }));
      const web = bench.start("a");
      bench.record(web, exec("/bin/evil"));
      await bench.clock.advance(2_000);
      expect(bench.view(web)).toMatchObject({ state: "ignored", reason: "the profile was learned before" });
      await bench.clock.advance(200_000);
      expect([bench.store.writes, pathsOf(bench.store), lifecycleOf(bench.store)]).toEqual([
        [],
        ["/bin/known"],
        "completed complete",
      ]);
      expect(bench.clock.pendingTimers).toBe(0);
    });

    it("is improved by a container that is seen from its start when it was partial [learning final] [learning 20]", async () => {
      await using bench = await withStored(stored("completed", "partial", { execs: [{ path: "/bin/known" }] }));
      bench.record(bench.start("a"), exec("/bin/new"));
      await bench.clock.advance(2_000);
      expect([lifecycleOf(bench.store), pathsOf(bench.store)]).toEqual([
        "completed partial",
        ["/bin/known", "/bin/new"],
      ]);
      await bench.clock.advance(100_000);
      expect(lifecycleOf(bench.store)).toBe("completed complete");
    });

    it("is not improved by one that is partial itself [learning final] [learning 21]", async () => {
      await using bench = await withStored(stored("completed", "partial"));
      const web = bench.start("a", { isAlreadyRunning: true });
      bench.record(web, exec("/bin/new"));
      await bench.clock.advance(200_000);
      expect([bench.store.writes, bench.view(web)?.state]).toEqual([[], "ignored"]);
    });

    it("takes what others recorded until they heard of it, and ends their learning [learning final]", async () => {
      const store = new MemoryStore();
      await using one = await LearnerBench.open({ store });
      await using two = await LearnerBench.open({ store, clock: one.clock });
      const [first, second] = [one.start("a", { startedAtMs: one.clock.now() - 50_000 }), two.start("b")];
      one.record(first, exec("/bin/one"));
      two.record(second, exec("/bin/two"));
      await one.clock.advance(49_900);
      two.record(second, exec("/bin/late"));
      await one.clock.advance(100);
      expect(lifecycleOf(store)).toBe("completed complete");
      two.record(second, exec("/bin/last"));
      two.learner.profileCompleted(second.containerId, "partial");
      two.learner.profileCompleted("unknown", "complete");
      await one.clock.advance(0);
      expect(two.view(second)?.state).toBe("ready");
      two.learner.profileCompleted(second.containerId, "complete");
      await one.clock.advance(0);
      expect(pathsOf(store)).toEqual(["/bin/last", "/bin/late", "/bin/one", "/bin/two"]);
      expect(two.view(second)).toMatchObject({
        state: "completed",
        reason: "another learner completed the profile",
      });
      two.record(second, exec("/bin/after"));
      await one.clock.advance(60_000);
      expect(pathsOf(store)).toHaveLength(4);
    });

    it("ends the learning of one that has nothing to add without a write [learning final]", async () => {
      await using bench = await LearnerBench.open();
      const web = bench.start("a", { isAlreadyRunning: true });
      bench.record(web, exec("/bin/sh"));
      await bench.clock.advance(2_000);
      bench.store.objects.set("shop/p", joinProfiles(bench.store.get("p")!, stored("completed", "partial")));
      bench.learner.profileCompleted(web.containerId, "partial");
      await bench.clock.advance(0);
      expect([bench.view(web)?.state, bench.store.calls, bench.store.writes]).toEqual([
        "completed",
        2,
        ["p ready partial"],
      ]);
    });

    it("ends at once the learning of one of which nothing was seen [learning final]", async () => {
      await using bench = await LearnerBench.open();
      const web = bench.start("a");
      bench.learner.profileCompleted(web.containerId, "complete");
      expect([bench.view(web)?.state, bench.store.calls]).toEqual(["completed", 0]);
    });

    it("gets back what was taken from it before another learner completed it, although the store failed first [learning final] [learning evidence]", async () => {
      const store = new MemoryStore();
      await using one = await LearnerBench.open({ store });
      await using two = await LearnerBench.open({ store, clock: one.clock });
      const [first, second] = [one.start("a", { startedAtMs: one.clock.now() - 50_000 }), two.start("b")];
      one.record(first, exec("/bin/one"));
      two.record(second, exec("/bin/two"));
      await one.clock.advance(40_000);
      expect(pathsOf(store)).toEqual(["/bin/one", "/bin/two"]);
      store.objects.clear();
      await one.clock.advance(10_000);
      expect([lifecycleOf(store), pathsOf(store)]).toEqual(["completed complete", ["/bin/one"]]);
      store.mode = "down";
      two.learner.profileCompleted(second.containerId, "complete");
      await one.clock.advance(0);
      store.mode = "works";
      await one.clock.advance(10_000);
      expect([two.view(second)?.state, pathsOf(store)]).toEqual(["completed", ["/bin/one", "/bin/two"]]);
    });

    it("is never taken back by a report that says less [learning 15] [learning 17]", () => {
      const late = joinProfiles(stored("completed", "complete"), stored("ready", "partial"));
      expect(profileStatus(late)).toEqual({ status: "completed", completion: "complete" });
    });

    it("is nobody's to write when a person wrote it [learning final]", async () => {
      const authored = parseContainerProfile({ metadata: { namespace: "shop", name: "p" }, spec: {} });
      await using bench = await withStored(authored);
      const web = bench.start("a");
      bench.record(web, exec("/bin/sh"));
      await bench.clock.advance(200_000);
      expect([bench.store.writes, bench.view(web)?.reason]).toEqual([
        [],
        "somebody wrote an object of this name by hand",
      ]);
      expect(bench.store.get("p")).toBe(authored);
    });
  });

  describe("a profile that is too large", () => {
    const files = (count: number, folders: number): ReturnType<typeof open>[] =>
      Array.from({ length: count }, (_, at) => open(`/data/${at % folders}/${at}${"x".repeat(100)}`));

    it("becomes patterns before it is called too large [learning split]", async () => {
      const store = new MemoryStore();
      store.maxBytes = 20_000;
      await using bench = await LearnerBench.open({ store });
      const web = bench.start("a");
      bench.record(web, exec("/bin/sh"), ...files(400, 10));
      await bench.clock.advance(100_000);
      expect(lifecycleOf(store)).toBe("completed complete");
      expect(store.get("p")?.spec.opens.length).toBeLessThan(20);
    });

    it("keeps what fits of its parts and says that there was more; nobody takes it for final [learning split] [learning too-large]", async () => {
      const store = new MemoryStore();
      store.maxBytes = 12_000;
      await using bench = await LearnerBench.open({ store });
      const web = bench.start("a");
      const execs = Array.from({ length: 60 }, (_, at) => exec(`/bin/${at}${"y".repeat(300)}`));
      bench.record(web, ...execs);
      await bench.clock.advance(2_000);
      const profile = store.get("p")!;
      expect(profile.spec.execs.length).toBeGreaterThan(5);
      expect(profile.spec.execs.length).toBeLessThan(60);
      expect(profile.metadata.annotations).toMatchObject({
        "kubescape.io/status": "too-large",
        "kubescape.io/completion": "partial",
        "kinglet.dev/kept-status": "ready",
      });
      expect(profileStatus(profile).status).toBe("incomplete");
      expect(bench.view(web)).toMatchObject({
        state: "too-large",
        reason: "the store refused the size of the profile",
      });
      await bench.clock.advance(200_000);
      expect(bench.clock.pendingTimers).toBe(0);
    });

    it("ends as too large over the learner's own limit, with what it has [learning too-large]", async () => {
      await using bench = await LearnerBench.open({ limits: { maxProfileBytes: 5_000 } });
      const web = bench.start("a");
      const execs = Array.from({ length: 60 }, (_, at) => exec(`/bin/${at}${"y".repeat(300)}`));
      bench.record(web, ...execs);
      expect(bench.view(web)?.state).toBe("too-large");
      await bench.clock.advance(0);
      expect(bench.store.get("p")?.metadata.annotations).toMatchObject({
        "kubescape.io/status": "too-large",
        "kubescape.io/completion": "partial",
      });
      expect(profileStatus(bench.store.get("p")!).status).toBe("incomplete");
      expect(bench.store.get("p")!.spec.execs.length).toBeGreaterThan(5);
    });

    it("is refused by a real store as by the simple one [learning too-large]", async () => {
      await using folder = await openTempDir();
      const store = await openDirectoryProfileStore({ path: folder.path, maxBytes: 12_000 });
      await using bench = await LearnerBench.open({ store: store as unknown as MemoryStore });
      const web = bench.start("a");
      bench.record(web, ...Array.from({ length: 60 }, (_, at) => exec(`/bin/${at}${"y".repeat(300)}`)));
      await bench.clock.advance(2_000);
      await expect.poll(() => bench.view(web)?.state, { timeout: 20_000 }).toBe("too-large");
      const { signal } = new AbortController();
      const profile = await store.getContainerProfile("shop", "p", { signal });
      expect(profile?.spec.execs.length).toBeGreaterThan(5);
      // Not final for anybody: too large, or as far as it got where not even that fits beside it.
      expect(["incomplete", "ready"]).toContain(profileStatus(profile!).status);
    });

    it("reports early and in parts what is more than a report may be, completed with the last one [learning early]", async () => {
      await using bench = await LearnerBench.open({ limits: { maxReportBytes: 2_000 } });
      const web = bench.start("a");
      bench.record(web, ...Array.from({ length: 30 }, (_, at) => exec(`/bin/${at}`)));
      await bench.clock.advance(0);
      expect(bench.store.writes.length).toBeGreaterThan(2);
      expect(bench.store.get("p")?.spec.execs).toHaveLength(30);
      bench.store.mode = "down";
      bench.record(web, ...Array.from({ length: 30 }, (_, at) => exec(`/usr/bin/${at}`)));
      await bench.clock.advance(99_900);
      bench.store.mode = "works";
      bench.store.writes.length = 0;
      await bench.clock.advance(20_000);
      expect(bench.store.writes.at(-1)).toBe("p completed complete");
      expect(bench.store.writes.slice(0, -1).every((line) => line === "p ready")).toBe(true);
      expect(bench.store.get("p")?.spec.execs).toHaveLength(60);
    });
  });

  it("brings all of a report of several parts with the last one, whatever was taken away between them [learning early] [learning evidence]", async () => {
    const store = new MemoryStore();
    let isTaken = false;
    const tampered: LearnerBench["store"] = Object.assign(Object.create(store) as MemoryStore, {
      update: async (...call: Parameters<MemoryStore["update"]>) => {
        const update = await store.update(...call);
        if (!isTaken) store.objects.clear();
        isTaken = true;
        return update;
      },
    });
    await using bench = await LearnerBench.open({ store: tampered, limits: { maxReportBytes: 2_000 } });
    store.mode = "down";
    const run = bench.start("a", {}, { ownerKind: "Job", ownerApiVersion: "batch/v1", ownerName: "load" });
    bench.record(run, ...Array.from({ length: 30 }, (_, at) => exec(`/bin/${at}`)));
    bench.learner.containerEnded(run.containerId, 0);
    await bench.clock.advance(900);
    store.mode = "works";
    await bench.clock.advance(10_000);
    expect([isTaken, lifecycleOf(store), pathsOf(store).length]).toEqual([true, "completed complete", 30]);
  });

  it("leaves nothing out where a few entries are more than a report may be [learning early]", async () => {
    const store = new MemoryStore();
    await using bench = await LearnerBench.open({ store, limits: { maxReportBytes: 500 } });
    store.mode = "down";
    const run = bench.start("a", {}, { ownerKind: "Job", ownerApiVersion: "batch/v1", ownerName: "load" });
    bench.record(run, exec(`/bin/${"x".repeat(2_000)}`));
    bench.learner.containerEnded(run.containerId, 0);
    await bench.clock.advance(900);
    store.mode = "works";
    await bench.clock.advance(10_000);
    expect([lifecycleOf(store), pathsOf(store).length]).toEqual(["completed complete", 1]);
  });

  it("refuses what is new when all profiles together have no room, drops ended ones first, and says partial [learning bounds]", async () => {
    const store = new MemoryStore();
    await using bench = await LearnerBench.open({ store, limits: { maxTotalBytes: 20_000 } });
    store.mode = "down";
    const ended = bench.start("old", { profileName: "old" });
    bench.record(ended, ...Array.from({ length: 40 }, (_, at) => exec(`/bin/${at}`)));
    bench.learner.containerEnded(ended.containerId, 1);
    await bench.clock.advance(1_000);
    const web = bench.start("a");
    bench.record(web, ...Array.from({ length: 200 }, (_, at) => exec(`/bin/${at}`)));
    expect(bench.view(web)?.gaps).toEqual(["there was no room for all that was learned"]);
    expect(bench.view(web)?.bytes).toBeLessThan(21_000);
    store.mode = "works";
    await bench.clock.advance(120_000);
    expect([lifecycleOf(store), store.get("old")]).toEqual(["completed partial", undefined]);
    expect(bench.logger.messages("warn")).toEqual(["a learned profile is dropped: no room until the store takes it"]);
  });

  it("describes the container as others do, so that they find it [learning identity]", async () => {
    await using bench = await LearnerBench.open({ clusterName: "prod" });
    bench.record(bench.start("a"), exec("/bin/sh"));
    await bench.clock.advance(2_000);
    const { metadata, spec } = bench.store.get("p")!;
    expect(metadata).toEqual({
      namespace: "shop",
      name: "p",
      annotations: {
        "kinglet.dev/observed-surfaces": "execs",
        "kubescape.io/instance-id": "apiVersion-apps/v1/namespace-shop/kind-ReplicaSet/name-web-77/containerName-app",
        "kubescape.io/status": "ready",
        "kubescape.io/wlid": "wlid://cluster-prod/namespace-shop/deployment-web",
        "kubescape.io/workload-container-type": "containers",
      },
      labels: {
        "kubescape.io/instance-template-hash": "77",
        "kubescape.io/workload-api-group": "apps",
        "kubescape.io/workload-api-version": "v1",
        "kubescape.io/workload-container-name": "app",
        "kubescape.io/workload-kind": "Deployment",
        "kubescape.io/workload-name": "web",
        "kubescape.io/workload-namespace": "shop",
      },
    });
    expect(spec).toMatchObject({
      architectures: ["amd64"],
      imageID: "registry.example/app@sha256:1",
      imageTag: "registry.example/app:1",
      matchLabels: { app: "web" },
    });
  });

  it("records what a rule fired for while it learned, for that rule and process [learning policies] [learning 14]", async () => {
    const told: unknown[] = [];
    await using bench = await LearnerBench.open({ onReported: (report) => told.push(report) });
    const web = bench.start("a");
    bench.record(web, exec("/bin/ln"));
    expect([bench.learner.isLearning(web.containerId), bench.learner.isLearning("unknown")]).toEqual([true, false]);
    expect(bench.learner.recordRulePolicy(web, "R1010", "ln")).toBe(0);
    await bench.clock.advance(100_000);
    expect(bench.store.get("p")?.spec.rulePolicies).toEqual({
      R1010: { processAllowed: ["ln"], containerAllowed: false },
    });
    expect(told).toEqual([
      { namespace: "shop", name: "p", status: "ready", completion: "" },
      { namespace: "shop", name: "p", status: "completed", completion: "complete" },
    ]);
    expect(bench.learner.isLearning(web.containerId)).toBe(false);
    bench.learner.recordRulePolicy(web, "R1012", "ln");
    await bench.clock.advance(100_000);
    expect(Object.keys(bench.store.get("p")!.spec.rulePolicies)).toEqual(["R1010"]);
  });
});
