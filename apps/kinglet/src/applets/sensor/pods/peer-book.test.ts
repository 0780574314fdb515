import { createError } from "@kinglet/errors";
import { kubeClientErrors, type Informer, type KubeList, type ListOptions } from "@kinglet/kube-client";
import { ManualClock } from "@kinglet/lifecycle";
import { noopMetrics } from "@kinglet/metrics";
import { createCapturedLogger } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import type { Asker } from "./fair-turns.ts";
import { PeerBook, type PeerBookOptions } from "./peer-book.ts";
import type { PodDetails } from "./pod-details.ts";

interface PodInput {
  readonly app?: string;
  readonly namespace?: string;
  readonly hostNetwork?: boolean;
  readonly phase?: string;
  /** Its other address. */
  readonly second?: string;
}

const asker: Asker = { namespace: "shop", containerId: "c1" };

function pod(
  podIP: string,
  { app = "store", namespace = "shop", hostNetwork = false, phase = "Running", second }: PodInput = {},
): PodDetails {
  return {
    metadata: { name: `pod-${podIP}`, namespace, uid: podIP, resourceVersion: "1", labels: { app } },
    spec: { containers: [], hostNetwork },
    status: { phase, podIP, ...(second === undefined ? {} : { podIPs: [{ ip: podIP }, { ip: second }] }) },
  };
}

const service = (name: string, selector?: Readonly<Record<string, string>>): object => ({
  metadata: { name, namespace: "shop" },
  spec: selector === undefined ? {} : { selector },
});

type Observer = { readonly changed: (old: PodDetails | undefined, now: PodDetails | undefined) => void };

/** A book over an API that knows what the test puts into it. */
function opened(more: Partial<PeerBookOptions> = {}) {
  const clock = new ManualClock();
  const logger = createCapturedLogger();
  const api = {
    pods: [] as PodDetails[],
    services: {} as Record<string, object>,
    failure: undefined as ((plural: string) => Error | undefined) | undefined,
    requests: [] as string[],
    repeats: new Set<number | undefined>(),
    running: 0,
    mostRunning: 0,
    answerMs: 0,
  };
  const observers: Observer[] = [];
  const end = new AbortController();
  const client: PeerBookOptions["client"] = {
    list: async <T>(
      { plural }: { readonly plural: string },
      { fieldSelector = "", retries }: ListOptions = {},
    ): Promise<KubeList<T>> => {
      api.requests.push(`${plural} ${fieldSelector}`);
      api.repeats.add(retries);
      api.running += 1;
      api.mostRunning = Math.max(api.mostRunning, api.running);
      if (api.answerMs > 0) await new Promise<void>((resolve) => void clock.startTimer(resolve, api.answerMs));
      api.running -= 1;
      const failure = api.failure?.(plural);
      if (failure !== undefined) throw failure;
      const [, address = ""] = fieldSelector.split("=");
      const found =
        plural === "pods" ? api.pods.filter(({ status }) => status?.podIP === address) : [api.services[address]];
      const items = found.filter((one) => one !== undefined) as readonly unknown[] as readonly T[];
      return { items, resourceVersion: "1", count: items.length, isPaged: false };
    },
  };
  const followed = {
    values: () => [],
    observe: (observer: Observer) => {
      observers.push(observer);
    },
  } as unknown as Informer<PodDetails>;
  const book = new PeerBook({
    client,
    pods: followed,
    hasAllPods: false,
    maxEntries: 100,
    signal: end.signal,
    clock,
    logger,
    metrics: noopMetrics,
    random: () => 0,
    ...more,
  });
  const resolve = async (address: string, forMs = 10_000): Promise<void> => {
    let isDone = false;
    void book.resolve(address, { asker }).then(() => (isDone = true));
    await clock.advance(forMs);
    expect(isDone).toBe(true);
  };
  const follow = (now: PodDetails, old?: PodDetails): void => observers.forEach(({ changed }) => changed(old, now));
  return { book, api, clock, logger, resolve, follow, end };
}

const forbidden = (): Error =>
  createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_FORBIDDEN", {
    method: "GET",
    path: "/",
    server: "",
    message: "no",
    problem: "no",
    status: 403,
  });
const unavailable = (): Error => Object.assign(new Error("connection refused"), { retryable: true });
const invalid = (): Error =>
  createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_INVALID", {
    method: "GET",
    path: "/",
    server: "",
    message: "field label not supported: spec.clusterIP",
    problem: "",
    status: 400,
  });

describe("PeerBook", () => {
  it("asks for the pod with this one address, and remembers the answer for two minutes [peers B-1]", async () => {
    const { book, api, clock, resolve } = opened();
    api.pods.push(pod("10.0.0.5"));
    expect(book.isKnown("10.0.0.5")).toBe(false);
    await resolve("10.0.0.5", 0);
    expect(api.requests).toEqual(["pods status.podIP=10.0.0.5"]);
    const peer = book.peerOf("10.0.0.5");
    expect(peer).toEqual({ kind: "pod", namespace: "shop", labels: { app: "store" } });
    await clock.advance(119_000);
    expect(book.isKnown("10.0.0.5")).toBe(true);
    await clock.advance(1_000);
    expect([book.isKnown("10.0.0.5"), book.peerOf("10.0.0.5")]).toEqual([false, peer]);
    // The same pod is the same object; another one is another.
    await resolve("10.0.0.5", 0);
    expect(book.peerOf("10.0.0.5")).toBe(peer);
    api.pods = [pod("10.0.0.5", { app: "intruder" })];
    await clock.advance(120_000);
    await resolve("10.0.0.5", 0);
    expect(book.peerOf("10.0.0.5")?.labels).toEqual({ app: "intruder" });
  });

  it("takes neither pods on their node's network nor those that have ended for the holder [peers B-2]", async () => {
    const { book, api, resolve } = opened();
    api.pods.push(
      pod("10.0.0.6", { hostNetwork: true }),
      pod("10.0.0.7", { phase: "Succeeded" }),
      pod("10.0.0.8", { phase: "Failed", app: "old" }),
      pod("10.0.0.8", { app: "new" }),
    );
    await resolve("10.0.0.6");
    await resolve("10.0.0.7");
    await resolve("10.0.0.8");
    expect([book.peerOf("10.0.0.6"), book.peerOf("10.0.0.7")]).toEqual([undefined, undefined]);
    expect(book.peerOf("10.0.0.8")?.labels).toEqual({ app: "new" });
    // A node's address is no service's.
    expect(api.requests.filter((one) => one.includes("10.0.0.6"))).toEqual(["pods status.podIP=10.0.0.6"]);
  });

  it("tells services by their selector, and one without by nothing [peers B-3]", async () => {
    const { book, api, resolve } = opened();
    api.services = { "10.96.0.7": service("mail", { app: "mail" }), "10.96.0.1": service("kubernetes") };
    await resolve("10.96.0.7", 0);
    await resolve("10.96.0.1", 0);
    expect(book.peerOf("10.96.0.7")).toEqual({ kind: "service", namespace: "shop", labels: { app: "mail" } });
    expect([book.peerOf("10.96.0.1"), book.isKnown("10.96.0.1")]).toEqual([undefined, true]);
    expect(api.requests.slice(0, 2)).toEqual(["pods status.podIP=10.96.0.7", "services spec.clusterIP=10.96.0.7"]);
    // The book asks again by itself, so no request may hold one of its two places meanwhile.
    expect([...api.repeats]).toEqual([0]);
  });

  it("asks a second time for an address that is nobody's yet, and ever more seldom for one that stays so [peers B-4]", async () => {
    const { book, api, clock, resolve } = opened();
    const isDone = book.resolve("10.0.0.9", { asker });
    await clock.advance(2_000);
    expect(book.isKnown("10.0.0.9")).toBe(false);
    api.pods.push(pod("10.0.0.9"));
    await clock.advance(1_000);
    await isDone;
    expect(book.peerOf("10.0.0.9")?.labels).toEqual({ app: "store" });
    await resolve("10.1.1.1", 3_000);
    const ages: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      let seconds = 0;
      for (; book.isKnown("10.1.1.1"); seconds += 1) await clock.advance(1_000);
      ages.push(seconds);
      api.requests.length = 0;
      await resolve("10.1.1.1", 0);
      expect(api.requests).toHaveLength(2);
    }
    expect(ages).toEqual([60, 120, 240, 480, 600, 600]);
  });

  it("knows the pods that are followed without asking, as they come and go [peers B-5]", async () => {
    const { book, api, follow, resolve } = opened();
    const near = pod("10.0.0.5");
    follow(near);
    const peer = book.peerOf("10.0.0.5");
    expect([book.isKnown("10.0.0.5"), peer?.labels]).toEqual([true, { app: "store" }]);
    // Another status of a pod with the same labels is the same peer.
    const again = { ...near, status: { ...near.status, phase: "Running" } } as PodDetails;
    follow(again, near);
    expect(book.peerOf("10.0.0.5")).toBe(peer);
    await resolve("10.0.0.5", 0);
    expect(api.requests).toEqual([]);
    follow({ ...near, status: { phase: "Succeeded", podIP: "10.0.0.5" } }, again);
    expect(book.isKnown("10.0.0.5")).toBe(false);
    const all = opened({ hasAllPods: true });
    await all.resolve("10.0.0.5");
    expect(new Set(all.api.requests)).toEqual(new Set(["services spec.clusterIP=10.0.0.5"]));
  });

  it("has two requests under way at most, five addresses a second after the first twenty, and one question per address [peers B-6]", async () => {
    const { book, api, clock } = opened();
    api.answerMs = 10;
    const addresses = Array.from({ length: 60 }, (_, at) => `10.2.0.${String(at)}`);
    for (const address of addresses) api.pods.push(pod(address));
    const done = Promise.all([...addresses, ...addresses].map((address) => book.resolve(address, { asker })));
    await clock.advance(1_000);
    expect(api.requests.length).toBeGreaterThanOrEqual(20);
    expect(api.requests.length).toBeLessThanOrEqual(27);
    await clock.advance(8_000);
    await done;
    expect([api.requests.length, api.mostRunning]).toEqual([60, 2]);
  });

  it("does not ask about an address for which nobody waits any more, so a flood delays nobody for long [peers B-6]", async () => {
    const { book, api, clock } = opened();
    const start = (address: string, signal?: AbortSignal): { isDone: boolean } => {
      const state = { isDone: false };
      void book.resolve(address, signal === undefined ? { asker } : { asker, signal }).then(
        () => (state.isDone = true),
        () => {},
      );
      return state;
    };
    const impatient = new AbortController();
    for (let at = 0; at < 5_000; at += 1) start(`10.3.${at >> 8}.${at & 255}`, impatient.signal);
    await clock.advance(4_500);
    impatient.abort(new Error("test"));
    api.pods.push(pod("10.0.0.5"));
    const wanted = start("10.0.0.5");
    await clock.advance(10_000);
    expect([wanted.isDone, book.peerOf("10.0.0.5")?.labels]).toEqual([true, { app: "store" }]);
    await clock.advance(60_000);
    const { length } = api.requests;
    // What has begun goes on to its second look, and is not tried for ever.
    expect(length).toBeLessThan(200);
    await clock.advance(600_000);
    expect(api.requests).toHaveLength(length);
  });

  it("goes on with what it has begun when all who waited have left, also for who comes next [peers B-6]", async () => {
    const { book, api, clock } = opened();
    const first = new AbortController();
    const left = book.resolve("10.0.0.5", { asker, signal: first.signal });
    await clock.advance(1_000);
    first.abort(new Error("left"));
    await expect(left).rejects.toThrow("left");
    api.pods.push(pod("10.0.0.5"));
    const next = book.resolve("10.0.0.5", { asker });
    await clock.advance(2_500);
    await next;
    expect(book.peerOf("10.0.0.5")?.kind).toBe("pod");
    expect(api.requests.filter((request) => request.startsWith("pods"))).toHaveLength(2);
  });

  it("has containers that scan networks hold up nobody else [peers B-10]", async () => {
    const { book, api, clock } = opened({ maxEntries: 10_000 });
    api.answerMs = 20;
    const after = async (ms: number, ...others: readonly Asker[]): Promise<number> => {
      await clock.advance(ms);
      const startedMs = clock.monotonicMs();
      const took: { ms?: number } = {};
      const address = `10.0.9.${api.pods.length}`;
      api.pods.push(pod(address));
      for (const other of others) void book.resolve(address, { asker: other });
      void book.resolve(address, { asker }).then(() => (took.ms = clock.monotonicMs() - startedMs));
      for (let step = 0; step < 600 && took.ms === undefined; step += 1) await clock.advance(50);
      return took.ms ?? Number.POSITIVE_INFINITY;
    };
    // Ten containers, each as many as it may have held at once, again and again, as those that are learned.
    const scan = async (): Promise<void> => {
      for (let round = 0; round < 20; round += 1) {
        const impatient = new AbortController();
        for (let at = 0; at < 640; at += 1) {
          const scanner = { namespace: at % 10 < 5 ? "scanners" : "others", containerId: `s${at % 10}` };
          void book
            .resolve(`10.${10 + round}.${at >> 8}.${at & 255}`, { asker: scanner, signal: impatient.signal })
            .catch(() => {});
        }
        await clock.advance(4_500);
        impatient.abort(new Error("test"));
      }
    };
    const scanning = scan();
    const waits: number[] = [];
    for (let at = 0; at < 6; at += 1) waits.push(await after(1_000));
    // What a scanner asks for, too, is not behind what else it asked for.
    waits.push(await after(1_000, { namespace: "scanners", containerId: "s1" }));
    // Three namespaces take turns, five a second, and two requests may be under way.
    for (const tookMs of waits) expect(tookMs).toBeLessThanOrEqual(1_000);
    for (let step = 0; step < 200; step += 1) await clock.advance(1_000);
    await scanning;
    expect(clock.pendingTimers).toBe(0);
  });

  it("tells a pod by all its addresses, once it was found by the first one or is followed [peers B-11]", async () => {
    const { book, api, clock, resolve, follow } = opened();
    const [first, second] = ["10.0.0.5", "fd00::5"];
    // The API finds pods by the first address alone.
    api.pods.push(pod(first, { second }));
    await resolve(second);
    expect([book.isKnown(second), book.peerOf(second)]).toEqual([true, undefined]);
    await resolve(first, 0);
    const peer = book.peerOf(first);
    expect([book.isKnown(second), book.peerOf(second)]).toEqual([true, peer]);
    // It is renewed by the first one,
    await clock.advance(120_000);
    api.requests.length = 0;
    await resolve(second, 0);
    expect([api.requests, book.peerOf(second)]).toEqual([["pods status.podIP=10.0.0.5"], peer]);
    expect(book.isKnown(first)).toBe(true);
    // and not kept when the pod no longer has it.
    api.pods = [pod(first, { second: "fd00::6" })];
    await clock.advance(120_000);
    await resolve(second);
    expect([book.peerOf(second), book.peerOf("fd00::6")]).toEqual([undefined, undefined]);
    await resolve(first, 0);
    expect(book.peerOf("fd00::6")).toEqual(peer);
    follow(pod("10.0.0.7", { app: "near", second: "fd00::7" }));
    expect([book.isKnown("fd00::7"), book.peerOf("fd00::7")?.labels]).toEqual([true, { app: "near" }]);
  });

  it("tells a service by all its addresses, once it was found by the first one [peers B-11]", async () => {
    const { book, api, clock, resolve } = opened();
    const mail = { metadata: { name: "mail", namespace: "shop" } };
    api.services = {
      "10.96.0.7": { ...mail, spec: { selector: { app: "mail" }, clusterIPs: ["10.96.0.7", "fd00::7"] } },
    };
    await resolve("10.96.0.7", 0);
    const peer = book.peerOf("fd00::7");
    expect(peer).toEqual({ kind: "service", namespace: "shop", labels: { app: "mail" } });
    await clock.advance(600_000);
    api.requests.length = 0;
    await resolve("fd00::7", 0);
    expect([api.requests, book.peerOf("fd00::7")]).toEqual([["services spec.clusterIP=10.96.0.7"], peer]);
  });

  it("tells a pod with a mountain of labels by its address, and keeps bounded labels [peers B-6]", async () => {
    const { book, api, resolve, follow } = opened();
    const labelled = (podIP: string, count: number): PodDetails => {
      const labels = Object.fromEntries(Array.from({ length: count }, (_, at) => [`label-${at}`, "x".repeat(63)]));
      const one = pod(podIP);
      return { ...one, metadata: { ...one.metadata, labels } };
    };
    api.pods.push(labelled("10.0.0.5", 5_000));
    await resolve("10.0.0.5", 0);
    expect([book.isKnown("10.0.0.5"), book.peerOf("10.0.0.5")]).toEqual([true, undefined]);
    follow(labelled("10.0.0.6", 5_000));
    expect(book.peerOf("10.0.0.6")).toBeUndefined();
    // Each with a quarter of what all together may have.
    const addresses = Array.from({ length: 12 }, (_, at) => `10.0.1.${at}`);
    for (const address of addresses) {
      api.pods.push(labelled(address, 180));
      await resolve(address, 0);
    }
    expect(addresses.map((address) => book.isKnown(address))).toEqual([
      ...Array.from({ length: 9 }, () => false),
      ...Array.from({ length: 3 }, () => true),
    ]);
  });

  it("keeps a bounded number of answers [peers B-6]", async () => {
    const { book, api, resolve } = opened({ maxEntries: 3 });
    for (const at of [1, 2, 3, 4]) {
      api.pods.push(pod(`10.0.0.${at}`));
      await resolve(`10.0.0.${at}`, 0);
    }
    expect([1, 2, 3, 4].map((at) => book.isKnown(`10.0.0.${at}`))).toEqual([false, true, true, true]);
  });

  it("tries again what may pass, keeps the last answer when it does not, and comes back to it soon [peers B-7]", async () => {
    const { book, api, clock, resolve } = opened();
    api.pods.push(pod("10.0.0.5"));
    await resolve("10.0.0.5", 0);
    const peer = book.peerOf("10.0.0.5");
    await clock.advance(120_000);
    api.failure = unavailable;
    await resolve("10.0.0.5");
    expect([book.peerOf("10.0.0.5"), book.isKnown("10.0.0.5")]).toEqual([peer, true]);
    await clock.advance(10_000);
    expect(book.isKnown("10.0.0.5")).toBe(false);
    api.failure = undefined;
    await resolve("10.0.0.5", 0);
    expect(book.peerOf("10.0.0.5")).toBe(peer);
  });

  it("says once that it may not ask, and does not insist [peers B-7]", async () => {
    const { book, api, logger, resolve } = opened();
    api.failure = forbidden;
    await resolve("10.0.0.5", 0);
    await resolve("10.0.0.6", 0);
    expect(api.requests).toHaveLength(2);
    expect(book.isKnown("10.0.0.5")).toBe(true);
    expect(logger.messages("warn")).toHaveLength(1);
  });

  it("does without services where the server cannot find them by address [peers B-8]", async () => {
    const { book, api, resolve } = opened();
    api.failure = (plural) => (plural === "services" ? invalid() : undefined);
    await resolve("10.96.0.7");
    await resolve("10.96.0.8");
    expect(book.isKnown("10.96.0.8")).toBe(true);
    expect(api.requests.filter((one) => one.startsWith("services"))).toHaveLength(1);
  });

  it("ends what is under way with the signal [peers B-9]", async () => {
    const { book, end } = opened();
    const asked = expect(book.resolve("10.0.0.9", { asker })).rejects.toThrow("stop");
    end.abort(new Error("stop"));
    await asked;
  });
});
