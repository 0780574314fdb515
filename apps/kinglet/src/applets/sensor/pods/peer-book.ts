import { hasCode } from "@kinglet/errors";
import { createIndex, pods, type Informer, type KubeClient, type ObjectIndex } from "@kinglet/kube-client";
import type { ClusterPeer, PeerLookup } from "@kinglet/learning";
import { createBackoff, SingleFlight, sleep, untilAborted, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Counter, Metrics } from "@kinglet/metrics";
import { FairTurns, type Asker } from "./fair-turns.ts";
import { isLargePeer, PeerAnswers, type FoundPeer } from "./peer-answers.ts";
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

/** A pod may talk before the API knows its address: nobody's address is asked about a second time after this, milliseconds. */
const secondLookMs = 3_000;
/** Requests at the same time: each connection that is open costs about 0.5 MB of TLS buffers. */
const maxRequests = 2;
/** Between two addresses once the burst is used up, milliseconds. */
const spacingMs = 200;
const burst = 20;
const requestTimeoutMs = 5_000;
const attempts = 3;
interface Interest {
  callers: number;
}

/**
 * Whose an address is: of a pod that is followed anyway at once, of others after the API was asked about this one address. Nothing is listed
 * or watched beyond that.
 *
 * Guarantees: bounded in addresses, in characters of labels, in requests at a time (two) and in addresses a second (five, after a burst of 20), in which
 * namespaces take turns and within one its containers, so who asks for many holds up nobody else; an address for which
 * nobody waits any more is not asked about unless asking has begun, so who talks to ever new addresses makes no queue that grows; an answer is renewed when
 * the address is asked about after its time (pods 2 min; services and nodes 10 min; nobody's 1 min, growing to 10). Pods on their
 * node's network, finished ones and services without a selector have no address of their own; a peer with more than 16 KiB of labels is told by its
 * address.
 *
 * Of a pod or service with two addresses the API finds the first. The second one is known of pods that are followed, and from when the first one was
 * found on; before, it is nobody's.
 *
 * @internal
 */
export class PeerBook implements PeerLookup {
  readonly #options: PeerBookOptions;
  readonly #byAddress: ObjectIndex<PodDetails>;
  /** By the labels of a pod, which pods with equal labels share. */
  readonly #local: WeakMap<object, ClusterPeer | "too large"> = new WeakMap();
  readonly #answers: PeerAnswers;
  readonly #flights: SingleFlight<void>;
  /** By address: goes on when all who waited have left, once it has begun. */
  readonly #finding: Map<string, Promise<void>> = new Map();
  readonly #turns: FairTurns = new FairTurns();
  readonly #interests: Map<string, Interest> = new Map();
  readonly #lookups: Counter<"result">;
  #requests = 0;
  #isPausing = false;
  /** When the next address would be due if there were no burst. */
  #nextMs = 0;
  #hasServiceSelector = true;
  #isForbidden = false;

  constructor(options: PeerBookOptions) {
    this.#options = options;
    this.#byAddress = createIndex(options.pods, addressesOf);
    this.#answers = new PeerAnswers(options);
    this.#flights = new SingleFlight({ clock: options.clock });
    this.#lookups = options.metrics.counter(peerLookups);
    const entries = options.metrics.gauge(peerEntries);
    options.metrics.onCollect(() => entries.set(this.#answers.size));
  }

  /** @param address - as `clusterAddress` gives it. @returns what was found out last, also while it is found out anew. */
  peerOf(address: string): ClusterPeer | undefined {
    return this.#localPeer(address) ?? this.#answers.get(address)?.peer;
  }

  /** False when {@link PeerBook.resolve} is worth waiting for. */
  isKnown(address: string): boolean {
    return this.#localPeer(address) !== undefined || this.#answers.isFresh(address);
  }

  /**
   * Finds out whose the address is. Resolves when it is known, or when it was tried in vain.
   *
   * @param wait - `asker`: whose turn it takes; `signal`: this caller waits no longer.
   * @throws the reason of the signal, or of the book's own.
   */
  async resolve(address: string, wait: { readonly asker: Asker; readonly signal?: AbortSignal }): Promise<void> {
    const own = this.#options.signal;
    const signal = wait.signal === undefined ? own : AbortSignal.any([own, wait.signal]);
    signal.throwIfAborted();
    const interest = this.#interests.get(address) ?? { callers: 0 };
    this.#interests.set(address, interest);
    interest.callers += 1;
    this.#turns.join(address, wait.asker);
    try {
      const begin = (left: AbortSignal): Promise<void> => this.#finding.get(address) ?? this.#begin(address, left);
      await this.#flights.run(address, begin, { signal });
    } finally {
      interest.callers -= 1;
      this.#forget(address);
    }
  }

  #begin(address: string, left: AbortSignal): Promise<void> {
    const finding = this.#find(address, left).finally(() => {
      this.#finding.delete(address);
      this.#forget(address);
    });
    this.#finding.set(address, finding);
    return finding;
  }

  /** What has begun goes on in the turns of those who asked for it, also when they have left. */
  #forget(address: string): void {
    if (this.#isWanted(address) || this.#finding.has(address)) return;
    this.#interests.delete(address);
    this.#turns.forget(address);
  }

  #isWanted(address: string): boolean {
    return (this.#interests.get(address)?.callers ?? 0) > 0;
  }

  #localPeer(address: string): ClusterPeer | undefined {
    // Asked once per conversation: without a pod of that address it allocates nothing.
    if (this.#byAddress.count(address) === 0) return undefined;
    for (const { metadata } of this.#byAddress.get(address)) {
      const { namespace, labels } = metadata;
      if (labels === undefined) return { kind: "pod", namespace, labels: {} };
      const known = this.#local.get(labels);
      if (known === "too large") continue;
      if (known?.namespace === namespace) return known;
      const peer: ClusterPeer = { kind: "pod", namespace, labels };
      const isLarge = isLargePeer(peer);
      this.#local.set(labels, isLarge ? "too large" : peer);
      if (!isLarge) return peer;
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
        if (found?.result === "none" && this.#answers.get(address)?.result !== "none") {
          await sleep(secondLookMs, { signal, clock });
          found = await this.#ask(address);
        }
        // Meanwhile it turned out to be one of the followed pods'.
        if (found !== undefined) this.#answers.keep(address, found);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (error === left.reason) {
          if (!this.#isWanted(address)) throw error;
          // Somebody came while the others left.
          continue;
        }
        this.#lookups.add(1, { result: "error" });
        if (this.#isRefused(error) || attempt >= attempts) {
          this.#answers.keepFailure(address);
          return;
        }
        await sleep(backoff.nextDelayMs(), { signal, clock });
      }
    }
  }

  /** @returns undefined when a pod that is followed has the address, or it was found with another one meanwhile. */
  async #ask(address: string, left?: AbortSignal): Promise<FoundPeer | undefined> {
    if (this.#localPeer(address) !== undefined) return undefined;
    await this.#turn(address, left);
    try {
      if (this.isKnown(address)) return undefined;
      const answer = await this.#askApi(address);
      this.#lookups.add(1, { result: answer.result });
      return answer;
    } finally {
      this.#requests -= 1;
      this.#giveTurns();
    }
  }

  async #askApi(address: string): Promise<FoundPeer> {
    const { via, peer } = this.#answers.get(address) ?? {};
    if (via !== undefined) {
      const found = peer?.kind === "service" ? await this.#askForService(via) : await this.#askForPod(via);
      if (found.addresses?.includes(address) === true) return found;
    }
    const found = await this.#askForPod(address);
    return found.result === "none" ? this.#askForService(address) : found;
  }

  async #askForPod(address: string): Promise<FoundPeer> {
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
    return { result: "pod", peer: { kind: "pod", namespace, labels }, addresses: addressesOf(pod) };
  }

  async #askForService(address: string): Promise<FoundPeer> {
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
      const peer: ClusterPeer = { kind: "service", namespace: metadata.namespace, labels: spec.selector };
      return { result: "service", peer, addresses: spec.clusterIPs ?? [] };
    } catch (error) {
      // Kubernetes before 1.31: the addresses of services stay, so their addresses will do.
      if (!hasCode(error, "KINGLET_ERR_KUBE_CLIENT_INVALID")) throw error;
      this.#hasServiceSelector = false;
      this.#options.logger.info("services are told by their addresses: the API cannot find them by address", { error });
      return { result: "none" };
    }
  }

  #request(fieldSelector: string): object {
    const { signal } = this.#options;
    // What the server has at hand will do. What fails is asked for again later, and holds no place until then.
    return { fieldSelector, resourceVersion: "0", limit: 0, timeoutMs: requestTimeoutMs, retries: 0, signal };
  }

  /** @param left - gives the place in the queue back. */
  async #turn(address: string, left?: AbortSignal): Promise<void> {
    left?.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turns.wait(address, resolve);
    this.#giveTurns();
    try {
      await untilAborted(promise, left);
    } catch (error) {
      if (!this.#turns.leave(address)) {
        // It was this one's turn already.
        this.#requests -= 1;
        this.#giveTurns();
      }
      throw error;
    }
  }

  /** Wakes those whose turn it is: decided as late as possible, so that who comes now is not behind what somebody else asked for before. */
  #giveTurns(): void {
    const { clock, signal } = this.#options;
    while (this.#requests < maxRequests && this.#turns.isWaiting && !this.#isPausing && !signal.aborted) {
      const now = clock.monotonicMs();
      const waitMs = this.#nextMs - burst * spacingMs - now;
      if (waitMs > 0) {
        this.#isPausing = true;
        const goOn = (): void => {
          this.#isPausing = false;
          this.#giveTurns();
        };
        void sleep(waitMs, { signal, clock }).then(goOn, () => {});
        return;
      }
      this.#nextMs = Math.max(this.#nextMs, now) + spacingMs;
      this.#requests += 1;
      this.#turns.next()?.();
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

/** The addresses that are the pod's own, first the one by which the API finds it; none of one that uses its node's, or has ended and keeps it on paper. */
function addressesOf(pod: PodDetails): readonly string[] {
  const { podIP = "", podIPs = [] } = pod.status ?? {};
  if (podIP === "" || pod.spec.hostNetwork === true || isFinished(pod)) return [];
  return podIPs.length < 2 ? [podIP] : [...new Set([podIP, ...podIPs.map(({ ip }) => ip)])];
}

function isFinished({ status }: PodDetails): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}
