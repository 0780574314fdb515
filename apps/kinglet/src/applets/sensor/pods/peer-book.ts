import { hasCode } from "@kinglet/errors";
import { createIndex, pods, type Informer, type KubeClient, type ObjectIndex } from "@kinglet/kube-client";
import type { ClusterPeer, PeerLookup } from "@kinglet/learning";
import { createBackoff, SingleFlight, sleep, untilAborted, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Counter, Metrics } from "@kinglet/metrics";
import type { PodDetails } from "./pod-details.ts";
import { peerEntries, peerLookups } from "./peer-metrics.ts";
import { podProjection } from "./projections.ts";
import { serviceProjection, services, type ServiceDetails } from "./service-projection.ts";

/**
 * What a peer book works with.
 *
 * @internal
 */
export interface PeerBookOptions {
  readonly client: Pick<KubeClient, "list">;
  /** The pods that are followed anyway: nothing is asked about them. */
  readonly pods: Informer<PodDetails>;
  /** True when that is every pod of the cluster. */
  readonly hasAllPods: boolean;
  /** Addresses that are remembered. */
  readonly maxEntries: number;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** @defaultValue `Math.random` */
  readonly random?: () => number;
}

type Result = "pod" | "service" | "node" | "none";

interface Found {
  readonly result: Result;
  readonly peer?: ClusterPeer;
}

interface Entry {
  readonly result: Result | "error";
  readonly peer: ClusterPeer | undefined;
  readonly ageMs: number;
  /** On the monotonic clock: asked again after that. */
  readonly freshUntilMs: number;
}

/** How long an answer counts, milliseconds: addresses of pods are given to others, those of services and nodes hardly ever. */
const agesMs: Readonly<Record<Entry["result"], number>> = {
  pod: 120_000,
  service: 600_000,
  node: 600_000,
  none: 60_000,
  error: 10_000,
};
/** Of an address that is nobody's each time it is asked about. */
const longestNoneMs = 600_000;
/** A pod may talk before the API knows its address: nobody's address is asked about a second time after this, milliseconds. */
const secondLookMs = 3_000;
/** Requests at the same time: each connection that is open costs about 0.5 MB of TLS buffers. */
const maxRequests = 2;
/** Between two addresses once the burst is used up, milliseconds. */
const spacingMs = 200;
const burst = 20;
const requestTimeoutMs = 5_000;
const attempts = 3;

/**
 * Whose an address is: of a pod that is followed anyway at once, of others after the API was asked about this one address. Nothing is listed
 * or watched beyond that.
 *
 * Guarantees: bounded in addresses, in requests at a time (two) and in addresses a second (five, after a burst of 20); an address for which
 * nobody waits any more is not asked about unless asking has begun, so who talks to ever new addresses makes no queue that grows; an answer is renewed when
 * the address is asked about after its time (pods 2 min; services and nodes 10 min; nobody's 1 min, growing to 10). Pods on their
 * node's network, finished ones and services without a selector have no address of their own. Of a pod or service with two addresses the API finds the first.
 *
 * @internal
 */
export class PeerBook implements PeerLookup {
  readonly #options: PeerBookOptions;
  readonly #byAddress: ObjectIndex<PodDetails>;
  /** By the labels of a pod, which pods with equal labels share. */
  readonly #local: WeakMap<object, ClusterPeer> = new WeakMap();
  /** Oldest answer first. */
  readonly #entries: Map<string, Entry> = new Map();
  readonly #flights: SingleFlight<void>;
  /** By address: goes on when all who waited have left, once it has begun. */
  readonly #finding: Map<string, Promise<void>> = new Map();
  /** In order. */
  readonly #turns: Set<() => void> = new Set();
  readonly #lookups: Counter<"result">;
  #requests = 0;
  /** When the next address would be due if there were no burst. */
  #nextMs = 0;
  #hasServiceSelector = true;
  #isForbidden = false;

  constructor(options: PeerBookOptions) {
    this.#options = options;
    this.#byAddress = createIndex(options.pods, addressesOf);
    this.#flights = new SingleFlight({ clock: options.clock });
    this.#lookups = options.metrics.counter(peerLookups);
    const entries = options.metrics.gauge(peerEntries);
    options.metrics.onCollect(() => entries.set(this.#entries.size));
  }

  /** @param address - as `clusterAddress` gives it. @returns what was found out last, also while it is found out anew. */
  peerOf(address: string): ClusterPeer | undefined {
    return this.#localPeer(address) ?? this.#entries.get(address)?.peer;
  }

  /** False when {@link PeerBook.resolve} is worth waiting for. */
  isKnown(address: string): boolean {
    if (this.#localPeer(address) !== undefined) return true;
    const entry = this.#entries.get(address);
    return entry !== undefined && entry.freshUntilMs > this.#options.clock.monotonicMs();
  }

  /**
   * Finds out whose the address is. Resolves when it is known, or when it was tried in vain.
   *
   * @param wait - `signal`: this caller waits no longer.
   * @throws the reason of the signal, or of the book's own.
   */
  resolve(address: string, wait: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const own = this.#options.signal;
    const signal = wait.signal === undefined ? own : AbortSignal.any([own, wait.signal]);
    return this.#flights.run(address, (left) => this.#finding.get(address) ?? this.#begin(address, left), { signal });
  }

  #begin(address: string, left: AbortSignal): Promise<void> {
    const finding = this.#find(address, left).finally(() => this.#finding.delete(address));
    this.#finding.set(address, finding);
    return finding;
  }

  #localPeer(address: string): ClusterPeer | undefined {
    // Asked once per conversation: without a pod of that address it allocates nothing.
    if (this.#byAddress.count(address) === 0) return undefined;
    for (const { metadata } of this.#byAddress.get(address)) {
      const { namespace, labels } = metadata;
      if (labels === undefined) return { kind: "pod", namespace, labels: {} };
      const known = this.#local.get(labels);
      if (known?.namespace === namespace) return known;
      const peer: ClusterPeer = { kind: "pod", namespace, labels };
      this.#local.set(labels, peer);
      return peer;
    }
    return undefined;
  }

  /** @param left - fires when nobody waits for it any more. */
  async #find(address: string, left: AbortSignal): Promise<void> {
    const { clock, signal, random = Math.random } = this.#options;
    const backoff = createBackoff({ initialMs: 1_000, maxMs: 4_000, random });
    for (let attempt = 1; ; attempt += 1) {
      try {
        let found = await this.#ask(address, attempt === 1 ? left : undefined);
        if (found?.result === "none" && this.#entries.get(address)?.result !== "none") {
          await sleep(secondLookMs, { signal, clock });
          found = await this.#ask(address);
        }
        // Meanwhile it turned out to be one of the followed pods'.
        if (found !== undefined) this.#keep(address, found);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (error === left.reason) throw error;
        this.#lookups.add(1, { result: "error" });
        if (this.#isRefused(error) || attempt >= attempts) {
          this.#keep(address, { result: "error", peer: this.#entries.get(address)?.peer });
          return;
        }
        await sleep(backoff.nextDelayMs(), { signal, clock });
      }
    }
  }

  /** @returns undefined when a pod that is followed has the address. */
  async #ask(address: string, left?: AbortSignal): Promise<Found | undefined> {
    if (this.#localPeer(address) !== undefined) return undefined;
    await this.#turn(left);
    try {
      const found = await this.#askForPod(address);
      const answer = found.result === "none" ? await this.#askForService(address) : found;
      this.#lookups.add(1, { result: answer.result });
      return answer;
    } finally {
      this.#requests -= 1;
      this.#wakeNext();
    }
  }

  #wakeNext(): void {
    const [next] = this.#turns;
    // Gone at once, so that the next request that ends wakes another.
    if (next !== undefined && this.#turns.delete(next)) next();
  }

  async #askForPod(address: string): Promise<Found> {
    const { client, hasAllPods } = this.#options;
    if (hasAllPods) return { result: "none" };
    const { items } = await client.list<PodDetails>(pods, {
      ...this.#request(`status.podIP=${address}`),
      projection: podProjection(),
    });
    const running = items.filter((pod) => !isFinished(pod));
    const pod = running.find((one) => addressesOf(one).length > 0);
    if (pod === undefined) return { result: running.length > 0 ? "node" : "none" };
    const { namespace, labels = {} } = pod.metadata;
    return { result: "pod", peer: { kind: "pod", namespace, labels } };
  }

  async #askForService(address: string): Promise<Found> {
    if (!this.#hasServiceSelector) return { result: "none" };
    try {
      const { items } = await this.#options.client.list<ServiceDetails>(services, {
        ...this.#request(`spec.clusterIP=${address}`),
        projection: serviceProjection,
      });
      const [service] = items;
      if (service === undefined) return { result: "none" };
      const { metadata, spec } = service;
      // The address of a service stays, and without a selector there is nothing else to tell it by.
      if (spec?.selector === undefined) return { result: "service" };
      return { result: "service", peer: { kind: "service", namespace: metadata.namespace, labels: spec.selector } };
    } catch (error) {
      // Kubernetes before 1.31: the addresses of services stay, so their addresses will do.
      if (!hasCode(error, "KINGLET_ERR_KUBE_CLIENT_INVALID")) throw error;
      this.#hasServiceSelector = false;
      this.#options.logger.info("services are told by their addresses: the API cannot find them by address", { error });
      return { result: "none" };
    }
  }

  #request(fieldSelector: string): object {
    // What the server has at hand will do.
    return { fieldSelector, resourceVersion: "0", limit: 0, timeoutMs: requestTimeoutMs, signal: this.#options.signal };
  }

  #keep(
    address: string,
    { result, peer }: { readonly result: Entry["result"]; readonly peer?: ClusterPeer | undefined },
  ): void {
    const before = this.#entries.get(address);
    const ageMs =
      result === "none" && before?.result === "none" ? Math.min(longestNoneMs, before.ageMs * 2) : agesMs[result];
    const freshUntilMs = this.#options.clock.monotonicMs() + ageMs;
    this.#entries.delete(address);
    this.#entries.set(address, { result, peer: sameAs(before?.peer, peer), ageMs, freshUntilMs });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#options.maxEntries) break;
      this.#entries.delete(oldest);
    }
  }

  /** @param left - gives the place in the queue back. */
  async #turn(left?: AbortSignal): Promise<void> {
    const { clock, signal } = this.#options;
    while (this.#requests >= maxRequests) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#turns.add(resolve);
      try {
        await untilAborted(promise, left);
      } catch (error) {
        // It was this one's turn already.
        if (!this.#turns.delete(resolve)) this.#wakeNext();
        throw error;
      }
    }
    signal.throwIfAborted();
    this.#requests += 1;
    const now = clock.monotonicMs();
    const waitMs = this.#nextMs - burst * spacingMs - now;
    this.#nextMs = Math.max(this.#nextMs, now) + spacingMs;
    if (waitMs <= 0) return;
    try {
      await sleep(waitMs, { signal, clock });
    } catch (error) {
      this.#requests -= 1;
      throw error;
    }
  }

  /** True for what stays as it is: a permission that is missing. */
  #isRefused(error: unknown): boolean {
    if (!hasCode(error, "KINGLET_ERR_KUBE_CLIENT_FORBIDDEN")) return false;
    if (!this.#isForbidden) {
      this.#options.logger.warn("peers are told by their addresses: the sensor may not list pods and services", {
        error,
      });
    }
    this.#isForbidden = true;
    return true;
  }
}

/** The address that is the pod's own; none of one that uses its node's, or has ended and keeps it on paper. */
function addressesOf(pod: PodDetails): readonly string[] {
  const podIP = pod.status?.podIP ?? "";
  return podIP === "" || pod.spec.hostNetwork === true || isFinished(pod) ? [] : [podIP];
}

function isFinished({ status }: PodDetails): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

/** The one that is known where nothing is different: who holds on to it sees that it is the same. */
function sameAs(known: ClusterPeer | undefined, peer: ClusterPeer | undefined): ClusterPeer | undefined {
  if (known === undefined || peer === undefined) return peer;
  return JSON.stringify(known) === JSON.stringify(peer) ? known : peer;
}
