import { ManualClock } from "@kinglet/lifecycle";
import { noopMetrics, type MetricDefinition, type Metrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { ContainerIndex } from "./container-index.ts";
import { ExecEvent } from "./exec-event.ts";
import type { PodView } from "./pod-view.ts";

const idA = "a".repeat(64);
const idB = "b".repeat(64);

function pod(name: string, ids: Readonly<Record<string, string>>, extra: Partial<PodView["metadata"]> = {}): PodView {
  const names = Object.keys(ids);
  return {
    metadata: { name, namespace: "shop", uid: `uid-${name}`, resourceVersion: "1", ...extra },
    spec: { nodeName: "node-1", containers: names.map((container) => ({ name: container, image: "img:1" })) },
    status: {
      containerStatuses: names.map((container) => {
        const status = { name: container, imageID: "img@sha256:1" };
        return ids[container] === ""
          ? status
          : Object.assign(status, { containerID: `containerd://${ids[container]}` });
      }),
    },
  };
}

function event(fields: Partial<ExecEvent>): ExecEvent {
  return new ExecEvent({ sequence: 1, ...fields });
}

describe("ContainerIndex", () => {
  it("knows a container once its status carries an id", () => {
    const index = new ContainerIndex();
    expect(index.setPod(pod("web", { app: "" })).added).toEqual([]);
    const { added } = index.setPod(pod("web", { app: idA }));
    expect(added).toMatchObject([
      {
        containerId: idA,
        podUid: "uid-web",
        namespace: "shop",
        podName: "web",
        containerName: "app",
        containerType: "containers",
        image: "img:1",
        imageId: "img@sha256:1",
        nodeName: "node-1",
        ownerApiVersion: "v1",
        ownerKind: "Pod",
        ownerName: "web",
        templateHash: "",
      },
    ]);
    expect(index.size).toBe(1);
    expect([...index.values()]).toEqual(added);
    expect(index.get(idA)).toBe(added[0]);
    expect(index.containersOfPod("uid-web")).toEqual(added);
    expect(index.containersOfPod("uid-other")).toEqual([]);
  });

  it("takes the first owner, and the pod itself when a Node owns it", () => {
    const index = new ContainerIndex();
    const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-77", controller: true };
    const labels = { "pod-template-hash": "77" };
    const owned = index.setPod(pod("web-77-x", { app: idA }, { ownerReferences: [owner], labels })).added[0];
    expect(owned).toMatchObject({
      ownerKind: "ReplicaSet",
      ownerName: "web-77",
      templateHash: "77",
      podLabels: labels,
    });
    const node = { apiVersion: "v1", kind: "Node", name: "node-1" };
    const fixed = index.setPod(pod("etcd-node-1", { etcd: idB }, { ownerReferences: [node] })).added[0];
    expect(fixed).toMatchObject({ ownerKind: "Pod", ownerName: "etcd-node-1", ownerApiVersion: "v1" });
  });

  it("tells the three kinds of containers apart", () => {
    const base = pod("web", {});
    const status = (name: string, id: string) => ({ name, containerID: `cri-o://${id}`, imageID: "" });
    const index = new ContainerIndex();
    const { added } = index.setPod({
      ...base,
      spec: { ...base.spec, initContainers: [{ name: "init" }], ephemeralContainers: [{ name: "debug", image: "d" }] },
      status: {
        initContainerStatuses: [status("init", idA)],
        ephemeralContainerStatuses: [status("debug", idB)],
      },
    });
    expect(added.map((one) => [one.containerName, one.containerType, one.image])).toEqual([
      ["init", "initContainers", ""],
      ["debug", "ephemeralContainers", "d"],
    ]);
  });

  it("reports nothing and keeps its objects when a pod comes again unchanged", () => {
    const index = new ContainerIndex();
    const first = index.setPod(pod("web", { app: idA }, { labels: { a: "1" } })).added[0];
    const again = index.setPod(pod("web", { app: idA }, { labels: { a: "1" }, resourceVersion: "2" }));
    expect(again).toEqual({ added: [], removed: [], ended: [] });
    expect(index.get(idA)).toBe(first);
    expect(index.size).toBe(1);
  });

  it("takes over changed labels silently and a changed owner as removed and added", () => {
    const index = new ContainerIndex();
    index.setPod(pod("web", { app: idA }));
    expect(index.setPod(pod("web", { app: idA }, { labels: { a: "1" } }))).toEqual({
      added: [],
      removed: [],
      ended: [],
    });
    expect(index.get(idA)?.podLabels).toEqual({ a: "1" });
    const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web" };
    const change = index.setPod(pod("web", { app: idA }, { ownerReferences: [owner] }));
    expect(change.added.map((one) => one.ownerKind)).toEqual(["ReplicaSet"]);
    expect(change.removed.map((one) => one.ownerKind)).toEqual(["Pod"]);
    expect(index.terminatedSize).toBe(0);
    expect(index.get(idA)).toBe(change.added[0]);
  });

  describe("look-up by prefix", () => {
    it("finds with any number of digits from 12 up", () => {
      const index = new ContainerIndex();
      const [added] = index.setPod(pod("web", { app: idA })).added;
      for (const digits of [12, 15, 24, 31, 64]) expect(index.findByPrefix(idA.slice(0, digits))).toBe(added);
      expect(index.findByPrefix(idA.slice(0, 11))).toBeUndefined();
      expect(index.findByPrefix(`${"a".repeat(12)}b`)).toBeUndefined();
      expect(index.findByPrefix("")).toBeUndefined();
    });

    it("does not guess between two containers, and counts", () => {
      const counted: string[] = [];
      const metrics: Metrics = {
        ...noopMetrics,
        counter: (definition: MetricDefinition) => ({ add: () => void counted.push(definition.name) }),
      };
      const index = new ContainerIndex({ metrics });
      const one = "0123456789ab1".padEnd(64, "0");
      const two = "0123456789ab2".padEnd(64, "0");
      const three = "0123456789ab3".padEnd(64, "0");
      index.setPod(pod("web", { app: one, side: two, more: three }));
      expect(index.findByPrefix("0123456789ab")).toBeUndefined();
      expect(counted).toEqual(["kinglet_enrichment_ambiguous_prefixes_total"]);
      expect(index.findByPrefix("0123456789ab2")?.containerName).toBe("side");
      expect(index.get(one)?.containerName).toBe("app");
      expect(counted).toHaveLength(1);
    });

    it("is no longer ambiguous once the other container's grace is over", async () => {
      const clock = new ManualClock();
      const index = new ContainerIndex({ clock });
      const one = "0123456789ab1".padEnd(64, "0");
      const two = "0123456789ab2".padEnd(64, "0");
      index.setPod(pod("web", { app: one }));
      index.setPod(pod("api", { app: two }));
      index.removePod("uid-web");
      expect(index.findByPrefix("0123456789ab")).toBeUndefined();
      await clock.advance(60_000);
      expect(index.findByPrefix("0123456789ab")?.podName).toBe("api");
    });
  });

  describe("look-up for an event", () => {
    it("goes by pod uid and container name first, then prefix, then names [enrichment join]", () => {
      const index = new ContainerIndex();
      index.setPod(pod("web", { app: idA, side: idB }));
      expect(index.find(event({ podUid: "uid-web", containerName: "side" }))?.containerId).toBe(idB);
      expect(index.find(event({ containerIdPrefix: idB.slice(0, 31) }))?.containerId).toBe(idB);
      const names = { podNamespace: "shop", podName: "web", containerName: "app" };
      expect(index.find(event(names))?.containerId).toBe(idA);
      expect(index.find(event({ ...names, podNamespace: "other" }))).toBeUndefined();
      expect(index.find(event({}))).toBeUndefined();
    });

    it("keeps the names up to date after they were first needed", () => {
      const index = new ContainerIndex();
      const names = { podNamespace: "shop", podName: "web", containerName: "app" };
      expect(index.find(event(names))).toBeUndefined();
      index.setPod(pod("web", { app: idA }));
      expect(index.find(event(names))?.containerId).toBe(idA);
      index.setPod(pod("web", { app: idB }, { uid: "uid-web-2" }));
      index.removePod("uid-web");
      expect(index.find(event(names))?.containerId).toBe(idB);
      index.removePod("uid-web-2");
      expect(index.find(event(names))).toBeUndefined();
    });

    it("goes by the time where names alone mean a container and its successor [enrichment join]", async () => {
      const clock = new ManualClock();
      const index = new ContainerIndex({ clock });
      const at = (offsetMs: number): string => new Date(clock.now() + offsetMs).toISOString();
      const names = { podNamespace: "shop", podName: "web", containerName: "app" };
      index.setPod(pod("web", { app: idA }));
      await clock.advance(10_000);
      index.removePod("uid-web");
      expect(index.find(event({ ...names, time: at(-1) }))?.containerId).toBe(idA);
      expect(index.find(event({ ...names, time: at(1) }))).toBeUndefined();
      index.setPod(pod("web", { app: idB }, { uid: "uid-web-2" }));
      expect(index.find(event({ ...names, time: at(-1) }))?.containerId).toBe(idA);
      expect(index.find(event({ ...names, time: at(1) }))?.containerId).toBe(idB);
      expect(index.find(event(names))?.containerId).toBe(idB);
      expect(index.find(event({ podUid: "uid-web", containerName: "app", time: at(-1) }))?.containerId).toBe(idA);
      expect(index.find(event({ podUid: "uid-web-2", containerName: "app", time: at(-1) }))?.containerId).toBe(idB);
    });

    it("does not match a restarted container's event to the one before it [enrichment join]", () => {
      const index = new ContainerIndex();
      index.setPod(pod("web", { app: idA }));
      const restarted = event({ podUid: "uid-web", containerName: "app", containerIdPrefix: idB.slice(0, 31) });
      expect(index.find(restarted)).toBeUndefined();
      index.setPod(pod("web", { app: idB }));
      expect(index.find(restarted)?.containerId).toBe(idB);
      const late = event({ podUid: "uid-web", containerName: "app", containerIdPrefix: idA.slice(0, 31) });
      expect(index.find(late)?.containerId).toBe(idA);
    });
  });

  describe("ended containers", () => {
    it("stay findable for the grace and then go, without a timer left", async () => {
      const clock = new ManualClock();
      const index = new ContainerIndex({ clock });
      index.setPod(pod("web", { app: idA }));
      expect(clock.pendingTimers).toBe(0);
      expect(index.setPod(pod("web", { app: idB })).removed.map((one) => one.containerId)).toEqual([idA]);
      expect(index.size).toBe(1);
      await clock.advance(30_000);
      expect(index.removePod("uid-web").map((one) => one.containerId)).toEqual([idB]);
      expect(index.removePod("uid-web")).toEqual([]);
      expect(clock.pendingTimers).toBe(1);
      await clock.advance(29_999);
      expect(index.findByPrefix(idA)?.containerId).toBe(idA);
      await clock.advance(1);
      expect(index.findByPrefix(idA)).toBeUndefined();
      expect(index.findByPrefix(idB)?.containerId).toBe(idB);
      await clock.advance(30_000);
      expect(index.get(idB)).toBeUndefined();
      expect(index.terminatedSize).toBe(0);
      expect(clock.pendingTimers).toBe(0);
    });

    it("are live again when the pod comes back", async () => {
      const clock = new ManualClock();
      const index = new ContainerIndex({ clock });
      index.setPod(pod("web", { app: idA }));
      index.removePod("uid-web");
      expect(index.setPod(pod("web", { app: idA })).added).toHaveLength(1);
      await clock.advance(120_000);
      expect(index.get(idA)).toBeDefined();
    });

    const restarted = (id: string, before: string, extra?: Partial<PodView["metadata"]>): PodView => {
      const web = pod("web", { app: id }, extra);
      const lastState = { terminated: { containerID: `containerd://${before}` } };
      return { ...web, status: { containerStatuses: [{ ...web.status!.containerStatuses![0]!, lastState }] } };
    };

    it("are known from the status of what came after them, once, and found by their id alone [enrichment previous]", async () => {
      const clock = new ManualClock();
      const index = new ContainerIndex({ clock });
      const { added, removed, ended } = index.setPod(restarted(idB, idA));
      expect([added.length, removed]).toEqual([1, []]);
      expect(ended).toEqual([{ ...added[0]!, containerId: idA }]);
      const byName = { podUid: "uid-web", containerName: "app", time: new Date(clock.now() - 1).toISOString() };
      const found = [
        { containerIdPrefix: idA.slice(0, 31) },
        { ...byName, containerIdPrefix: idA.slice(0, 31) },
        byName,
      ];
      expect(found.map((fields) => index.find(event(fields))?.containerId)).toEqual([idA, idA, idB]);
      expect([index.size, index.terminatedSize]).toEqual([1, 1]);
      await clock.advance(60_000);
      const again = index.setPod(restarted(idB, idA, { labels: { a: "1" }, resourceVersion: "2" }));
      expect([again.ended, index.get(idA), index.terminatedSize]).toEqual([[], undefined, 0]);
    });

    it("that were live are not told again when their successor's status names them [enrichment previous]", () => {
      const index = new ContainerIndex();
      index.setPod(restarted(idA, idA));
      const change = index.setPod(restarted(idB, idA));
      expect(change).toMatchObject({ added: [{ containerId: idB }], removed: [{ containerId: idA }], ended: [] });
      expect([index.size, index.terminatedSize]).toEqual([1, 1]);
    });

    it("are known while nothing runs in their place yet, and bounded over many restarts [enrichment previous]", () => {
      const index = new ContainerIndex({ maxTerminated: 3 });
      const none = restarted(idB, idA);
      const lastState = none.status!.containerStatuses![0]!.lastState!;
      expect(
        index.setPod({ ...none, status: { containerStatuses: [{ name: "app", lastState }] } }).ended,
      ).toMatchObject([{ containerId: idA, containerName: "app", image: "img:1" }]);
      for (let n = 1; n <= 20; n++) {
        const ids = [2 * n, 2 * n - 1].map((at) => at.toString(16).padStart(12, "0").padEnd(64, "0"));
        const { ended } = index.setPod(restarted(ids[0]!, ids[1]!));
        expect(ended.map(({ containerId }) => containerId)).toEqual([ids[1]]);
      }
      expect([index.size, index.terminatedSize]).toEqual([1, 3]);
      expect(index.removePod("uid-web")).toHaveLength(1);
    });

    it("and live ones are told by their names, whatever their ids [enrichment join]", () => {
      const index = new ContainerIndex();
      index.setPod(restarted(idB, idA));
      index.setPod(pod("other", { app: "c".repeat(64) }));
      const byUid = { podUid: "uid-web", podNamespace: "", podName: "", containerName: "app" };
      const byName = { podUid: "", podNamespace: "shop", podName: "web", containerName: "app" };
      for (const names of [byUid, byName]) {
        expect(index.namesakes(names).map(({ containerId }) => containerId)).toEqual([idB, idA]);
        expect(index.namesakes({ ...names, containerName: "side" })).toEqual([]);
      }
      expect(index.namesakes({ ...byUid, podUid: "gone" })).toEqual([]);
    });

    it("are bounded: who ended first goes first", () => {
      const index = new ContainerIndex({ clock: new ManualClock(), maxTerminated: 2 });
      const ids = ["1", "2", "3"].map((digit) => digit.repeat(64));
      for (const [at, id] of ids.entries()) index.setPod(pod(`p${at}`, { app: id }));
      for (let at = 0; at < 3; at++) index.removePod(`uid-p${at}`);
      expect(ids.map((id) => index.get(id) !== undefined)).toEqual([false, true, true]);
      expect(index.terminatedSize).toBe(2);
      index[Symbol.dispose]();
    });
  });

  it("ignores ids that are too short to be told apart", () => {
    const index = new ContainerIndex();
    expect(index.setPod(pod("web", { app: "abc" })).added).toEqual([]);
  });
});
