import { describe, expect, it } from "vitest";

import { TICK_MS, ref, start } from "../test/cache-fixture.ts";
import {
  containerLiveness,
  type ContainerLiveness,
  type LivenessPod,
  type LivenessStatus,
} from "./container-liveness.ts";

const web = { ...ref("abc", "web"), podUid: "u1" };
const terminated = { terminated: { exitCode: 0 } };
const running = { running: {} };
const waiting = { waiting: { reason: "ContainerCreating" } };

function pod(
  statuses: Partial<Record<"containers" | "init" | "ephemeral", readonly LivenessStatus[]>>,
  uid = "u1",
): LivenessPod {
  return {
    metadata: { uid },
    spec: {
      containers: [{ name: "web" }],
      initContainers: [{ name: "setup" }],
      ephemeralContainers: [{ name: "debug" }],
    },
    status: {
      containerStatuses: statuses.containers ?? [],
      initContainerStatuses: statuses.init ?? [],
      ephemeralContainerStatuses: statuses.ephemeral ?? [],
    },
  };
}

describe("containerLiveness", () => {
  it.each<readonly [string, LivenessPod | undefined, ContainerLiveness]>([
    ["a pod that is not known", undefined, "unknown"],
    ["a pod without any status", pod({}), "running"],
    [
      "its id, running [cache-test TestReconcilerKeepsRunningContainer]",
      pod({ containers: [{ name: "web", containerID: "docker://abc", state: running }] }),
      "running",
    ],
    [
      "its id, waiting [cache-test TestReconcilerKeepsWaitingContainer]",
      pod({ containers: [{ name: "web", containerID: "docker://abc", state: waiting }] }),
      "running",
    ],
    [
      "its id, terminated [cache-test TestIsContainerRunning_NotRunning]",
      pod({ containers: [{ name: "web", containerID: "cri-o://abc", state: terminated }] }),
      "ended",
    ],
    [
      "its name with another id [cache-test TestIsContainerRunning_ContainerIDMatchTakesPriority] [cache-test TestReconcilerEvictsReplacedContainerInstance]",
      pod({ containers: [{ name: "web", containerID: "docker://zzz" }] }),
      "ended",
    ],
    [
      "its name without an id, running [cache-test TestIsContainerRunning_PreRunningInitWithEmptyContainerID]",
      pod({ containers: [{ name: "web", state: running }] }),
      "running",
    ],
    ["its name without an id, terminated", pod({ containers: [{ name: "web", state: terminated }] }), "ended"],
    ["its name in a pod of another uid", pod({ containers: [{ name: "web", state: running }] }, "u2"), "ended"],
  ])("of %s is told", (_, known, expected) => {
    expect(containerLiveness(web, known)).toBe(expected);
  });

  it("of an init or ephemeral container without a status yet is running while the spec declares it [cache W7] [cache-test TestReconcilerKeepsJustAttachedEphemeralContainer] [cache-test TestReconciler_KeepsEphemeralContainerAwaitingStatus] [cache-test TestReconciler_EvictsContainerRemovedFromSpecAndStatus] [cache-test TestReconcilerEvictsContainerGoneFromSpecAndStatus]", () => {
    const others = pod({ containers: [{ name: "web", containerID: "docker://abc" }] });
    for (const containerName of ["setup", "debug"]) {
      expect(containerLiveness({ ...ref("new", "x"), containerName }, others)).toBe("running");
      expect(containerLiveness({ ...ref("new", "x"), containerName, podUid: "" }, others)).toBe("running");
    }
    expect(containerLiveness({ ...ref("new", "x"), containerName: "gone" }, others)).toBe("ended");
  });

  it("of an init container whose pod uid was not known when it was added goes by the name [cache W7] [cache-test TestReconcilerKeepsInitContainerWithEmptyStoredPodUID] [cache-test TestReconciler_KeepsInitContainerAwaitingStatusWithEmptyPodUID] [cache-test TestReconcilerEvictsEphemeralContainerAfterTermination]", () => {
    const known = pod({ init: [{ name: "setup", state: running }] });
    expect(containerLiveness({ ...ref("new", "x"), containerName: "setup", podUid: "" }, known)).toBe("running");
    const over = pod({ ephemeral: [{ name: "debug", state: terminated }] });
    expect(containerLiveness({ ...ref("new", "x"), containerName: "debug" }, over)).toBe("ended");
  });
});

describe("ProfileCache", () => {
  describe("with pods to look at", () => {
    const opened = (more = {}) => {
      const found: { value: ContainerLiveness | undefined } = { value: "running" };
      const bench = start({ liveness: () => found.value, ...more });
      bench.source.put("web");
      bench.cache.addContainer(ref("c1", "web"));
      return { ...bench, found };
    };

    it("keeps a container whose pod is not known, at every tick [cache-test TestReconcilerKeepsEntryWhenPodMissing]", async () => {
      const { cache, clock, found, metrics } = opened();
      found.value = "unknown";
      await clock.advance(3 * TICK_MS);
      expect(cache.state("c1")).toBe("active");
      expect(metrics.read("evictions_total", "pod_stopped")).toBe(0);
    });

    it("forgets a container whose pod stays unknown, and its profile with it [cache W6]", async () => {
      const { cache, clock, found, metrics } = opened({ unknownPodGraceMs: 2 * TICK_MS });
      await clock.advance(0);
      found.value = "unknown";
      await clock.advance(2 * TICK_MS);
      found.value = "running";
      await clock.advance(TICK_MS);
      found.value = "unknown";
      await clock.advance(2 * TICK_MS);
      expect(cache.state("c1")).toBe("active");
      await clock.advance(2 * TICK_MS);
      expect([cache.size, metrics.read("evictions_total", "pod_unknown")]).toEqual([0, 1]);
      expect(metrics.read("profiles", "distinct")).toBe(0);
      expect(clock.pendingTimers).toBe(0);
    });

    it("forgets a pending container whose pod stays unknown [cache W6]", async () => {
      const { cache, clock, found, source } = opened({ unknownPodGraceMs: 2 * TICK_MS });
      source.objects.clear();
      found.value = "unknown";
      await clock.advance(5 * TICK_MS);
      expect(cache.size).toBe(0);
    });

    it("ends a container that nobody removed, with the grace of one that was [cache W12] [cache-test TestReconcilerEvictsTerminatedContainer] [cache-test TestMissedRemoveEventEvictedByReconciler] [cache-test TestReconciler_HonorsRemovalGraceForTerminatedContainer]", async () => {
      const { cache, clock, found, metrics } = opened();
      await clock.advance(0);
      found.value = "ended";
      await clock.advance(TICK_MS);
      expect([cache.state("c1"), cache.hasProfile("c1")]).toEqual(["grace", true]);
      await clock.advance(TICK_MS - 1);
      expect(cache.hasProfile("c1")).toBe(true);
      await clock.advance(1);
      expect([cache.size, metrics.read("evictions_total", "pod_stopped")]).toEqual([0, 1]);
    });

    it("takes the end back when the container runs again [cache-test TestReconciler_TerminationMarkResetsWhenContainerReappears]", async () => {
      const { cache, clock, found } = opened({ graceMs: 2 * TICK_MS });
      await clock.advance(0);
      const before = cache.get("c1");
      found.value = "ended";
      await clock.advance(TICK_MS);
      expect(cache.state("c1")).toBe("grace");
      found.value = "running";
      await clock.advance(TICK_MS);
      expect(cache.state("c1")).toBe("active");
      await clock.advance(3 * TICK_MS);
      expect(cache.get("c1")).toBe(before);
    });

    it("forgets no container for one wrong look, and makes nothing of a look that cannot tell [cache W6]", async () => {
      const { cache, clock, found, metrics } = opened({ unknownPodGraceMs: 2 * TICK_MS });
      await clock.advance(0);
      const before = cache.get("c1");
      for (const look of ["ended", "running", "ended", undefined, undefined, "running", undefined] as const) {
        found.value = look;
        await clock.advance(TICK_MS);
        expect(cache.get("c1")).toBe(before);
      }
      expect(cache.state("c1")).toBe("active");
      // A pod list that is interrupted now and then does not start the wait for an unknown pod anew.
      for (const look of ["unknown", undefined, "unknown"] as const) {
        found.value = look;
        await clock.advance(TICK_MS);
      }
      expect([cache.size, metrics.read("evictions_total", "pod_unknown")]).toEqual([0, 1]);
    });

    it("keeps a container that ended for the whole grace, however many looks say so [cache W12]", async () => {
      const { cache, clock, found } = opened({ graceMs: 2.5 * TICK_MS });
      await clock.advance(0);
      found.value = "ended";
      await clock.advance(3 * TICK_MS);
      expect([cache.state("c1"), cache.hasProfile("c1")]).toEqual(["grace", true]);
      await clock.advance(TICK_MS);
      expect(cache.size).toBe(0);
    });

    it("forgets a container that ended and whose pod is gone at the next look", async () => {
      const { cache, clock, found, metrics } = opened();
      await clock.advance(0);
      found.value = "ended";
      await clock.advance(TICK_MS);
      found.value = "unknown";
      await clock.advance(TICK_MS);
      expect([cache.size, metrics.read("evictions_total", "pod_stopped"), clock.pendingTimers]).toEqual([0, 1, 0]);
    });

    it("forgets a container that ended when its removal is reported, once the grace is over", async () => {
      const { cache, clock, found, metrics } = opened({ graceMs: 30_000 });
      await clock.advance(0);
      found.value = "ended";
      await clock.advance(TICK_MS);
      await clock.advance(20_000);
      cache.removeContainer("c1");
      await clock.advance(9_999);
      expect(cache.state("c1")).toBe("grace");
      await clock.advance(1);
      expect([cache.size, metrics.read("evictions_total", "container_removed")]).toEqual([0, 1]);
    });

    it("stops looking when it is told to end [cache-test TestReconcilerExitsOnCtxCancel]", async () => {
      let looks = 0;
      let end: Promise<void> | undefined;
      const { cache, clock, stop } = start({
        liveness: () => {
          looks += 1;
          if (looks === 3) end = stop();
          return "running";
        },
      });
      for (let index = 0; index < 100; index += 1) cache.addContainer(ref(`c${index}`, "web"));
      await clock.advance(TICK_MS);
      await end;
      expect(looks).toBe(3);
    });

    it("keeps what is pending while its pod is not known, until it is removed [cache-test TestPendingEntriesAreNotGCedBeforeRetry]", async () => {
      const { cache, source, clock, found } = opened();
      source.objects.clear();
      found.value = "unknown";
      await clock.advance(3 * TICK_MS);
      expect(cache.state("c1")).toBe("pending");
      cache.removeContainer("c1");
      await clock.advance(10_000);
      expect(cache.size).toBe(0);
    });

    it("does not take a removal back", async () => {
      const { cache, clock, found } = opened({ graceMs: 2 * TICK_MS });
      await clock.advance(0);
      cache.removeContainer("c1");
      found.value = "running";
      await clock.advance(TICK_MS);
      expect(cache.state("c1")).toBe("grace");
    });

    it("ends one container of a pod by its removal and leaves the others [cache-test TestInitContainerEvictionViaRemoveEvent]", async () => {
      const { cache, clock } = opened();
      cache.addContainer(ref("init", "web"));
      await clock.advance(0);
      cache.removeContainer("init");
      await clock.advance(10_000);
      expect([cache.state("init"), cache.state("c1")]).toEqual([undefined, "active"]);
    });
  });
});
