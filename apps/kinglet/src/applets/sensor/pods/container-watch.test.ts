import { ContainerIndex, type PodView } from "@kinglet/enrichment";
import type { Informer, InformerHandler } from "@kinglet/kube-client";
import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger, type Logger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { ProfileCache, type ContainerRef } from "@kinglet/profile-cache";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ContainerLearning } from "../learning/container-learning.ts";
import { LearningSeam } from "../learning/learning-seam.ts";
import { watchContainers, type ContainerWatchOptions } from "./container-watch.ts";

/** The watch's own handler is there as a whole and never asks to be waited for. */
interface SyncHandler {
  onAdd(pod: PodView): void;
  onUpdate(pod: PodView, old: PodView): void;
  onDelete(pod: PodView, options: { readonly tombstone: boolean }): void;
}

interface PodOptions {
  readonly uid?: string;
  readonly namespace?: string;
  readonly phase?: string;
  readonly containers?: readonly string[];
  readonly ephemeral?: readonly string[];
  readonly init?: readonly string[];
  readonly owner?: { readonly apiVersion: string; readonly kind: string; readonly name: string };
  readonly labels?: Readonly<Record<string, string>>;
}

/** `main:aa` is container `main` with an id of `aa`s; `main:aa:bb`: before it there was one of `bb`s. */
function statuses(containers: readonly string[] = []) {
  return containers.map((text) => {
    const [name = "", digits = "", before = ""] = text.split(":");
    const idOf = (two: string): object => (two === "" ? {} : { containerID: `containerd://${two.repeat(32)}` });
    return { name, ...idOf(digits), ...(before === "" ? {} : { lastState: { terminated: idOf(before) } }) };
  });
}

function pod(name: string, options: PodOptions = {}): PodView {
  const {
    uid = `uid-${name}`,
    namespace = "shop",
    phase = "Running",
    containers = ["main:aa"],
    owner,
    labels,
  } = options;
  return {
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion: "1",
      ...(labels === undefined ? {} : { labels }),
      ...(owner === undefined ? {} : { ownerReferences: [owner] }),
    },
    spec: { containers: statuses(containers).map((status) => ({ name: status.name })) },
    status: {
      phase,
      containerStatuses: statuses(containers),
      initContainerStatuses: statuses(options.init),
      ephemeralContainerStatuses: statuses(options.ephemeral),
    },
  };
}

type RunNames = Awaited<ReturnType<ContainerWatchOptions["openRunNames"]>>;

function watching(logger: Logger = noopLogger, maxEntries = 100, runNames?: RunNames, seam?: LearningSeam) {
  const clock = new ManualClock();
  const index = new ContainerIndex({ clock });
  const profiles = new ProfileCache({
    source: { getContainerProfile: async () => undefined },
    clock,
    logger: noopLogger,
    metrics: noopMetrics,
    maxEntries,
  });
  const added: string[] = [];
  const handlers: SyncHandler[] = [];
  const pods = {
    get: (key: string) => pod(key.slice(key.indexOf("/") + 1)),
    addHandler: (handler: InformerHandler<PodView>) => {
      handlers.push(handler as SyncHandler);
      return { isSynced: true, waiting: 0, isBehind: false, remove: () => void handlers.pop() };
    },
  } as unknown as Informer<PodView>;
  const judged: string[] = [];
  const { naming, stop } = watchContainers({
    pods,
    index,
    profiles,
    pipeline: {
      containersAdded: (identities) => added.push(...identities.map((one) => one.containerId.slice(0, 2))),
      profileChanged: (id) => judged.push(`${id.slice(0, 2)}${naming.has(id) ? " too early" : ""}`),
    },
    openRunNames: async () => {
      if (runNames === undefined) throw new Error("nobody runs for a CronJob here");
      return runNames;
    },
    ignoredNamespaces: new Set(["kube-system"]),
    ...(seam === undefined ? {} : { learning: (note) => seam.note(note), isLearning: () => seam.isAsked }),
    logger,
  });
  const cached = (state: string): readonly ContainerRef[] =>
    [...profiles.containers()].filter((one) => one.state === state).map((one) => one.ref);
  return { index, profiles, added, judged, naming, handlers, stop, cached, handler: handlers[0]! };
}

const idsOf = (refs: readonly ContainerRef[]): string => refs.map((ref) => ref.containerId.slice(0, 2)).join(" ");

describe("watchContainers", () => {
  it("adds containers of every sort, each under its own profile", () => {
    const { handler, added, cached } = watching();
    handler.onAdd(pod("p", { containers: ["main:aa", "later"], init: ["setup:bb"], ephemeral: ["debug:cc"] }));
    expect(added.sort()).toEqual(["aa", "bb", "cc"]);
    const names = cached("pending").map((ref) => ref.profileName);
    expect(new Set(names).size).toBe(3);
    expect(names.every((name) => name.startsWith("pod-p-"))).toBe(true);
  });

  it("names the profile after the owner, and the revision of DaemonSets and StatefulSets", () => {
    const { handler, cached } = watching();
    const labels = { "controller-revision-hash": "web-6d5f" };
    const nameOf = (name: string, kind: string, container: string, some?: Readonly<Record<string, string>>): void =>
      handler.onAdd(
        pod(name, {
          containers: [container],
          owner: { apiVersion: "apps/v1", kind, name: "web" },
          ...(some === undefined ? {} : { labels: some }),
        }),
      );
    nameOf("a", "ReplicaSet", "c:aa");
    nameOf("b", "ReplicaSet", "c:bb");
    nameOf("c", "DaemonSet", "c:cc", labels);
    nameOf("d", "StatefulSet", "c:dd", labels);
    nameOf("e", "Node", "c:ee");
    const names = cached("pending").map((ref) => ref.profileName);
    expect(names[0]).toBe(names[1]);
    expect(names.map((name) => name.slice(0, -"-0000-0000".length))).toEqual([
      "replicaset-web-c",
      "replicaset-web-c",
      "daemonset-web-web-6d5f-c",
      "statefulset-web-6d5f-c",
      "pod-e-c",
    ]);
  });

  describe("with the runs of a CronJob", () => {
    const run = (minute: number) => ({ apiVersion: "batch/v1", kind: "Job", name: `backup-${minute}` });
    const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
    const heldNames = () => {
      const asked: { readonly pod: string; readonly answer: (hash: string | undefined) => void }[] = [];
      const forgotten: string[] = [];
      const names: RunNames = {
        hashOf: ({ podName }, signal) =>
          new Promise((resolve, reject) => {
            asked.push({ pod: podName, answer: resolve });
            signal.addEventListener("abort", () => reject(signal.reason as Error));
          }),
        forget: (uid) => void forgotten.push(uid),
      };
      return { names, asked, forgotten };
    };

    it("watches each under the name that all runs have in common, once that is known [cronjob naming]", async () => {
      const { names, asked } = heldNames();
      const { handler, cached, added, judged, naming } = watching(noopLogger, 100, names);
      handler.onAdd(pod("first", { containers: ["c:aa"], owner: run(28_000_000) }));
      handler.onAdd(pod("second", { containers: ["c:bb"], owner: run(28_000_001) }));
      await turn();
      expect([cached("pending"), [...naming.keys()].length, added, judged]).toEqual([[], 2, ["aa", "bb"], []]);
      for (const { answer } of asked) answer("k7q4z");
      await turn();
      const refs = cached("pending");
      expect(refs.map((ref) => ref.workloadName)).toEqual(["job-backup-k7q4z", "job-backup-k7q4z"]);
      expect(refs[0]?.profileName).toBe(refs[1]?.profileName);
      expect([naming.size, judged]).toEqual([0, ["aa", "bb"]]);
    });

    it("asks for no other pod: not for a Job by hand, nor a finished run, nor an ignored namespace [cronjob naming]", async () => {
      const { names, asked } = heldNames();
      const { handler, cached } = watching(noopLogger, 100, names);
      handler.onAdd(pod("a", { containers: ["c:aa"], owner: { apiVersion: "batch/v1", kind: "Job", name: "backup" } }));
      handler.onAdd(pod("b", { containers: ["c:bb"], owner: run(28_000_000), phase: "Succeeded" }));
      handler.onAdd(pod("c", { containers: ["c:cc"], owner: run(28_000_000), namespace: "kube-system" }));
      await turn();
      expect([asked, idsOf(cached("pending"))]).toEqual([[], "aa"]);
    });

    it("lets a container that leaves meanwhile go, and its pod be forgotten [cronjob naming]", async () => {
      const { names, asked, forgotten } = heldNames();
      const { handler, profiles, naming, judged } = watching(noopLogger, 100, names);
      handler.onAdd(pod("p", { containers: ["c:aa"], owner: run(28_000_000) }));
      await turn();
      handler.onDelete(pod("p"), { tombstone: false });
      asked[0]?.answer("k7q4z");
      await turn();
      expect([profiles.size, naming.size, judged, forgotten]).toEqual([0, 0, ["aa"], ["uid-p"]]);
    });

    it("takes the run's own name where there is no hash or no way to one [cronjob naming]", async () => {
      const { names, asked } = heldNames();
      for (const runNames of [names, undefined]) {
        const { handler, cached, judged } = watching(noopLogger, 100, runNames);
        handler.onAdd(pod("p", { containers: ["c:aa"], owner: run(28_000_000) }));
        await turn();
        asked[0]?.answer(undefined);
        await turn();
        expect([cached("pending").map((ref) => ref.workloadName), judged]).toEqual([["job-backup-28000000"], ["aa"]]);
      }
    });

    it("names what ran before, too, and lets it go then, or with its pod [cronjob naming]", async () => {
      const { names, asked } = heldNames();
      const { handler, cached, profiles, judged, naming } = watching(noopLogger, 100, names);
      handler.onAdd(pod("p", { containers: ["c:bb:aa"], owner: run(28_000_000) }));
      await turn();
      expect([asked.length, profiles.size]).toEqual([2, 0]);
      for (const { answer } of asked) answer("k7q4z");
      await turn();
      expect([idsOf(cached("pending")), idsOf(cached("grace")), judged]).toEqual(["bb", "aa", ["bb", "aa"]]);
      expect(new Set([...cached("pending"), ...cached("grace")].map((ref) => ref.profileName)).size).toBe(1);
      handler.onAdd(pod("q", { containers: ["c:dd:cc"], owner: run(28_000_001) }));
      await turn();
      handler.onDelete(pod("q", { containers: ["c:dd:cc"] }), { tombstone: false });
      await turn();
      expect([naming.size, profiles.size]).toEqual([0, 2]);
    });

    it("watches one that found the cache full once there is room [cronjob naming]", async () => {
      const names: RunNames = { hashOf: async () => "k7q4z", forget: () => {} };
      const { handler, cached } = watching(noopLogger, 1, names);
      handler.onAdd(pod("a", { containers: ["main:aa"] }));
      handler.onAdd(pod("b", { containers: ["main:bb"], owner: run(28_000_000) }));
      await turn();
      expect(idsOf(cached("pending"))).toBe("aa");
      handler.onDelete(pod("a"), { tombstone: false });
      await turn();
      expect(cached("pending").map((ref) => ref.workloadName)).toEqual(["job-backup-k7q4z"]);
    });
  });

  it("watches no profile in an ignored namespace, and lets its events pass on", () => {
    const { handler, added, profiles } = watching();
    handler.onAdd(pod("p", { namespace: "kube-system" }));
    expect([added, profiles.size]).toEqual([["aa"], 0]);
  });

  it("says so when a container cannot have a profile, and goes on", () => {
    const warnings: string[] = [];
    const { handler, added, profiles } = watching({ ...noopLogger, warn: (message) => void warnings.push(message) });
    handler.onAdd(pod("p", { owner: { apiVersion: "v1", kind: "Odd", name: "a/b" } }));
    expect([added, profiles.size, warnings]).toEqual([["aa"], 0, ["a container cannot have a profile"]]);
  });

  it("follows a restarted container, a deleted pod, and a pod that comes again under its name", () => {
    const { handler, cached, index } = watching();
    handler.onAdd(pod("p"));
    handler.onUpdate(pod("p", { containers: ["main:bb"] }), pod("p"));
    expect([idsOf(cached("grace")), idsOf(cached("pending"))]).toEqual(["aa", "bb"]);
    handler.onDelete(pod("p"), { tombstone: true });
    handler.onAdd(pod("p", { uid: "second", containers: ["main:cc"] }));
    handler.onDelete(pod("p"), { tombstone: false });
    expect([idsOf(cached("grace")), idsOf(cached("pending")), index.size]).toEqual(["aa bb", "cc", 1]);
  });

  it("watches what ran before a container, when a status alone names it, for the grace: also over many restarts", () => {
    const { handler, added, cached, index } = watching();
    handler.onAdd(pod("p", { containers: ["main:bb:aa"], init: ["setup:dd:cc"] }));
    expect([idsOf(cached("pending")), idsOf(cached("grace"))]).toEqual(["dd bb", "cc aa"]);
    expect([added.sort(), index.size]).toEqual([["aa", "bb", "cc", "dd"], 2]);
    const names = [...cached("pending"), ...cached("grace")].map((ref) => ref.profileName);
    expect([names[0], names[1]]).toEqual([names[2], names[3]]);
    handler.onUpdate(pod("p", { containers: ["main:ee:bb"], init: ["setup:dd:cc"] }), pod("p"));
    expect([idsOf(cached("pending")), idsOf(cached("grace")), added.length]).toEqual(["dd ee", "bb cc aa", 5]);
    handler.onUpdate(pod("p", { containers: ["main:ff:11"], init: ["setup:dd:cc"] }), pod("p"));
    expect([idsOf(cached("pending")), idsOf(cached("grace"))]).toEqual(["dd ff", "bb cc aa ee 11"]);
    handler.onDelete(pod("p"), { tombstone: false });
    expect([idsOf(cached("pending")), index.size, index.terminatedSize]).toEqual(["", 0, 7]);
  });

  it("lets what ran before take no place from what runs", () => {
    const { handler, cached } = watching(noopLogger, 2);
    handler.onAdd(pod("a", { containers: ["main:bb:aa"] }));
    handler.onAdd(pod("b", { containers: ["main:dd:cc"] }));
    expect([idsOf(cached("pending")), idsOf(cached("grace"))]).toEqual(["bb dd", ""]);
    handler.onDelete(pod("a"), { tombstone: false });
    handler.onAdd(pod("e", { containers: ["main:ee"] }));
    expect(idsOf(cached("pending"))).toBe("dd ee");
  });

  it.each(["Succeeded", "Failed"])("keeps the profiles of a pod that has %s for the grace only", (phase) => {
    const { handler, cached, index } = watching();
    handler.onAdd(pod("p", { init: ["setup:bb"] }));
    handler.onUpdate(pod("p", { init: ["setup:bb"], phase }), pod("p"));
    handler.onAdd(pod("job", { containers: ["main:cc"], phase }));
    expect([idsOf(cached("pending")), idsOf(cached("grace"))]).toEqual(["", "bb aa cc"]);
    expect(index.size).toBe(3);
  });

  it("watches a container that found the cache full once another one leaves", () => {
    const { handler, cached } = watching(noopLogger, 2);
    handler.onAdd(pod("a", { containers: ["main:aa"] }));
    handler.onAdd(pod("b", { containers: ["main:bb"] }));
    handler.onAdd(pod("c", { containers: ["main:cc"] }));
    handler.onAdd(pod("d", { containers: ["main:dd"] }));
    expect(idsOf(cached("pending"))).toBe("aa bb");
    handler.onDelete(pod("a"), { tombstone: false });
    expect(idsOf(cached("pending"))).toBe("bb cc");
    handler.onUpdate(pod("b", { containers: ["main:bb"], phase: "Succeeded" }), pod("b"));
    expect(idsOf(cached("pending"))).toBe("cc dd");
  });

  it("stops when told", () => {
    const { handlers, stop } = watching();
    stop();
    expect(handlers).toEqual([]);
  });

  it("tells learning of a container that ends while learning is loaded for it", async () => {
    const loaded = Promise.withResolvers<ContainerLearning>();
    const seam = new LearningSeam(() => loaded.promise, { isHostNetwork: () => false, namesakes: () => [] });
    const { handler } = watching(noopLogger, 100, undefined, seam);
    handler.onAdd(pod("job"));
    handler.onUpdate(pod("job", { phase: "Failed" }), pod("job"));
    handler.onDelete(pod("job", { phase: "Failed" }), { tombstone: false });
    const told: string[] = [];
    loaded.resolve({
      watched: (_identity: unknown, _name: unknown, _parts: unknown, { status }: PodView) =>
        told.push(`watched ${status?.phase}`),
      seen: ({ status }: PodView) => told.push(`seen ${status?.phase}`),
      left: (id: string) => told.push(`left ${id.slice(0, 2)}`),
    } as unknown as ContainerLearning);
    await seam.opened;
    expect(told.slice(0, 3)).toEqual(["watched Running", "seen Failed", "left aa"]);
  });

  it("watches exactly the containers that run, whatever the order of events", () => {
    const hex = "0123456789abcdef";
    const step = fc.tuple(
      fc.constantFrom("set", "set", "delete"),
      fc.nat(3),
      fc.nat(15),
      fc.constantFrom("Running", "Failed"),
      fc.option(fc.nat(3)),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), (steps, maxEntries) => {
        const { handler, cached, index } = watching(noopLogger, maxEntries);
        const now = new Map<number, { readonly id: number; readonly phase: string }>();
        for (const [name, at, digit, phase, before] of steps) {
          // Ids are unique among pods, as in a cluster.
          const id = (digit & 3) | (at << 2);
          const past = before === null ? "" : `:${hex[before | (at << 2)]!.repeat(2)}`;
          const view = pod(`p${at}`, { containers: [`main:${hex[id]}${hex[id]}${past}`], phase });
          if (name === "set") {
            const { phase: before = phase } = now.get(at) ?? {};
            handler.onUpdate(view, pod(`p${at}`, { phase: before }));
            now.set(at, { id, phase });
          } else {
            handler.onDelete(view, { tombstone: false });
            now.delete(at);
          }
        }
        const running = [...now.values()].filter((one) => one.phase === "Running").map((one) => hex[one.id]!.repeat(2));
        const watched = idsOf(cached("pending")).split(" ").filter(Boolean);
        expect(watched.length).toBe(Math.min(running.length, maxEntries));
        for (const id of watched) expect(running).toContain(id);
        expect(index.size).toBe(now.size);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
