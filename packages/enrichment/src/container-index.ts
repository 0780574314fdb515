import { systemClock, type Clock, type ClockTimer } from "@kinglet/lifecycle";
import { noopMetrics, type Counter, type Metrics } from "@kinglet/metrics";
import type { ContainerIdentity } from "./container-identity.ts";
import { containersOf, previousId, previousIds } from "./containers-of.ts";
import type { EventOrigin } from "./event-origin.ts";
import { ambiguousPrefixes, indexedContainers } from "./metrics.ts";
import type { PodView } from "./pod-view.ts";
import { StringPool } from "./string-pool.ts";

/** Settings of a {@link ContainerIndex}. @public */
export interface ContainerIndexOptions {
  /** @defaultValue the system's clock */
  readonly clock?: Clock;
  /** @defaultValue none */
  readonly metrics?: Metrics;
  /** How long an ended container stays findable for late events, milliseconds. @defaultValue 60000 */
  readonly terminatedGraceMs?: number;
  /** How many ended containers are kept at most; the ones that ended first go first. @defaultValue 1024 */
  readonly maxTerminated?: number;
}

/** Which containers a change of a pod brought and took. @public */
export interface ContainerChange {
  readonly added: readonly ContainerIdentity[];
  readonly removed: readonly ContainerIdentity[];
  /**
   * Containers that were never live here and have ended already: a status names them as what ran before its own. They are findable for
   * the grace from now on; each is told once for as long as the status names it.
   */
  readonly ended: readonly ContainerIdentity[];
}

interface PodEntry {
  readonly namespace: string;
  readonly podName: string;
  readonly containers: readonly ContainerIdentity[];
  /** What ran before them, as the statuses name it. */
  readonly previous: readonly string[];
}

interface Terminated {
  readonly identity: ContainerIdentity;
  readonly expiresAtMs: number;
  /** When the index learned of the end, milliseconds since 1970; 0 when it had ended before: then only its id finds it. */
  readonly endedAtMs: number;
}

/** Events carry a cut id: this many digits are always there, so this is what ids are filed under. */
const keyLength = 12;
const noContainers: readonly ContainerIdentity[] = [];
const noIds: readonly string[] = [];
const noChange: ContainerChange = { added: noContainers, removed: noContainers, ended: noContainers };

/**
 * Finds the container that an event belongs to.
 *
 * Filled from pods; a container is known once its pod's status carries the id. A container whose id has been replaced or
 * whose pod was removed stays findable for a grace, because events arrive late; it is no longer counted or listed. So does one that had
 * ended before anybody looked, when the status of its successor names it: such a one is found by its id alone.
 * Containers of a finished pod stay live as long as the pod object exists.
 *
 * Cost: a look-up is at most two map look-ups and allocates one 12-character string; memory per container: see README.
 *
 * @public
 */
export class ContainerIndex {
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #maxTerminated: number;
  readonly #pods: Map<string, PodEntry> = new Map();
  /** First digits of an id to the one container filed there, or to all of them in the rare case of several. */
  readonly #byKey: Map<string, ContainerIdentity | readonly ContainerIdentity[]> = new Map();
  /** By full id, in the order in which they ended, hence in the order in which they expire. */
  readonly #terminated: Map<string, Terminated> = new Map();
  /** `namespace/name` to pod uid; exists only once an event came that has nothing better. */
  #uidByPodName: Map<string, string> | undefined;
  readonly #strings: StringPool = new StringPool();
  readonly #ambiguous: Counter;
  readonly #stopCollecting: () => void;
  #timer: ClockTimer | undefined;
  #size = 0;

  constructor(options: ContainerIndexOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#graceMs = options.terminatedGraceMs ?? 60_000;
    this.#maxTerminated = options.maxTerminated ?? 1024;
    const metrics = options.metrics ?? noopMetrics;
    this.#ambiguous = metrics.counter(ambiguousPrefixes);
    const gauge = metrics.gauge(indexedContainers);
    this.#stopCollecting = metrics.onCollect(() => {
      gauge.set(this.#size, { state: "live" });
      gauge.set(this.#terminated.size, { state: "terminated" });
    });
  }

  /** Live containers. */
  get size(): number {
    return this.#size;
  }

  /** Ended containers that are still findable. */
  get terminatedSize(): number {
    return this.#terminated.size;
  }

  /**
   * Takes over the present state of a pod; call it for every version that is seen.
   *
   * @returns the containers that became known and the ones that ended. A container whose owner or template changed is in
   * both; one whose labels or image names changed is in neither. Nothing changed: a shared constant, nothing allocated
   * that stays.
   */
  setPod(pod: PodView): ContainerChange {
    const uid = pod.metadata.uid;
    const before = this.#pods.get(uid);
    const known = before?.containers ?? noContainers;
    const containers = containersOf(pod, known, this.#strings);
    const knownPrevious = before?.previous ?? noIds;
    const previous = previousIds(pod, knownPrevious);
    if (before !== undefined && containers === known && previous === knownPrevious) return noChange;
    this.#pods.set(uid, {
      namespace: containers[0]?.namespace ?? this.#strings.share(pod.metadata.namespace),
      podName: containers[0]?.podName ?? pod.metadata.name,
      containers,
      previous,
    });
    this.#uidByPodName?.set(podNameKey(pod.metadata.namespace, pod.metadata.name), uid);
    const change = this.#replace(known, containers);
    return previous === knownPrevious ? change : { ...change, ended: this.#endedBefore(pod, knownPrevious) };
  }

  /**
   * The pod is gone.
   *
   * @returns its containers; empty when the pod was not known.
   */
  removePod(podUid: string): readonly ContainerIdentity[] {
    const entry = this.#pods.get(podUid);
    if (entry === undefined) return noContainers;
    this.#pods.delete(podUid);
    const nameKey = podNameKey(entry.namespace, entry.podName);
    // A pod of the same name may have come in the meantime (StatefulSet): its entry stays.
    if (this.#uidByPodName?.get(nameKey) === podUid) this.#uidByPodName.delete(nameKey);
    return this.#replace(entry.containers, noContainers).removed;
  }

  /** The container with exactly this id, live or ended within the grace. */
  get(containerId: string): ContainerIdentity | undefined {
    const filed = this.#byKey.get(containerId.slice(0, keyLength));
    if (filed === undefined) return undefined;
    if (!isSeveral(filed)) return filed.containerId === containerId ? filed : undefined;
    return filed.find((identity) => identity.containerId === containerId);
  }

  /**
   * The one container whose id begins with `prefix`, live or ended within the grace.
   *
   * @param prefix - at least 12 hex digits in lower case; a shorter one finds nothing.
   * @returns undefined when no container matches, or several do (counted).
   */
  findByPrefix(prefix: string): ContainerIdentity | undefined {
    if (prefix.length < keyLength) return undefined;
    const filed = this.#byKey.get(prefix.slice(0, keyLength));
    if (filed === undefined) return undefined;
    if (!isSeveral(filed)) return filed.containerId.startsWith(prefix) ? filed : undefined;
    let match: ContainerIdentity | undefined;
    for (const identity of filed) {
      if (!identity.containerId.startsWith(prefix)) continue;
      if (match !== undefined) {
        this.#ambiguous.add();
        return undefined;
      }
      match = identity;
    }
    return match;
  }

  /**
   * The container of an event: by pod uid and container name, else by container id prefix, else by namespace, pod and
   * container name.
   *
   * An id in the event is never contradicted: after a container was restarted, its events are not matched to the one
   * before it. Without an id the time decides: what happened before a container ended belongs to it, not to its successor of the same
   * name.
   */
  find(event: EventOrigin): ContainerIdentity | undefined {
    const { containerIdPrefix: prefix, containerName: name, podName } = event;
    const hasId = prefix.length >= keyLength;
    if (name === "" || (event.podUid === "" && (hasId || podName === ""))) {
      return hasId ? this.findByPrefix(prefix) : undefined;
    }
    const uid = event.podUid || this.#podUids().get(podNameKey(event.podNamespace, podName));
    const live = uid === undefined ? undefined : this.#findInPod(uid, name, prefix);
    if (hasId) return live ?? this.findByPrefix(prefix);
    return this.#findEnded(event) ?? live;
  }

  /** The live containers of a pod; empty when the pod is not known. */
  containersOfPod(podUid: string): readonly ContainerIdentity[] {
    return this.#pods.get(podUid)?.containers ?? noContainers;
  }

  /**
   * The containers that have the event's pod and container name, whatever their ids: live ones, and what ended within the grace.
   *
   * Cost: a pass over what has ended.
   */
  namesakes(event: Pick<EventOrigin, "podUid" | "podNamespace" | "podName" | "containerName">): ContainerIdentity[] {
    const { containerName: name, podUid, podNamespace, podName } = event;
    const uid = podUid || this.#podUids().get(podNameKey(podNamespace, podName));
    const found = this.containersOfPod(uid ?? "").filter(({ containerName }) => containerName === name);
    for (const { identity } of this.#terminated.values()) {
      if (identity.containerName === name && isPodOf(identity, event)) found.push(identity);
    }
    return found;
  }

  /** All live containers, in no particular order. */
  *values(): IterableIterator<ContainerIdentity> {
    for (const entry of this.#pods.values()) yield* entry.containers;
  }

  /** Stops the timer for ended containers and takes its metrics away. */
  [Symbol.dispose](): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#stopCollecting();
  }

  #findInPod(podUid: string, containerName: string, prefix: string): ContainerIdentity | undefined {
    const containers = this.#pods.get(podUid)?.containers;
    if (containers === undefined) return undefined;
    for (const identity of containers) {
      if (identity.containerName === containerName && identity.containerId.startsWith(prefix)) return identity;
    }
    return undefined;
  }

  /** The ended container that the event's names had when it happened. */
  #findEnded(event: EventOrigin): ContainerIdentity | undefined {
    const timeMs = this.#terminated.size === 0 ? Number.NaN : Date.parse(event.time);
    if (Number.isNaN(timeMs)) return undefined;
    for (const { identity, endedAtMs } of this.#terminated.values()) {
      if (endedAtMs <= timeMs || identity.containerName !== event.containerName) continue;
      if (isPodOf(identity, event) && identity.containerId.startsWith(event.containerIdPrefix)) return identity;
    }
    return undefined;
  }

  /** One entry per pod, kept up to date from now on: most sources never need it. */
  #podUids(): Map<string, string> {
    if (this.#uidByPodName === undefined) {
      this.#uidByPodName = new Map();
      for (const [uid, pod] of this.#pods) this.#uidByPodName.set(podNameKey(pod.namespace, pod.podName), uid);
    }
    return this.#uidByPodName;
  }

  #replace(before: readonly ContainerIdentity[], after: readonly ContainerIdentity[]): ContainerChange {
    const added: ContainerIdentity[] = [];
    const removed: ContainerIdentity[] = [];
    for (const identity of before) {
      const next = after.find((other) => other.containerId === identity.containerId);
      if (next === undefined) this.#terminate(identity, this.#clock.now());
      if (next === undefined || !hasSameOwner(next, identity)) removed.push(identity);
    }
    for (const identity of after) {
      const previous = before.find((other) => other.containerId === identity.containerId);
      if (previous === identity) continue;
      this.#terminated.delete(identity.containerId);
      this.#file(identity);
      if (previous === undefined || !hasSameOwner(previous, identity)) added.push(identity);
    }
    this.#size += after.length - before.length;
    return { added, removed, ended: noContainers };
  }

  /** Files what a status names as its container's past, unless it was known before. */
  #endedBefore(pod: PodView, known: readonly string[]): readonly ContainerIdentity[] {
    const ended = containersOf(pod, noContainers, this.#strings, (status) => {
      const id = previousId(status);
      return id === undefined || known.includes(id) ? undefined : id;
    }).filter(({ containerId }) => this.get(containerId) === undefined);
    for (const identity of ended) {
      this.#file(identity);
      this.#terminate(identity, 0);
    }
    return ended;
  }

  #file(identity: ContainerIdentity): void {
    const key = identity.containerId.slice(0, keyLength);
    const filed = this.#byKey.get(key);
    if (filed === undefined) {
      this.#byKey.set(key, identity);
      return;
    }
    const others = (isSeveral(filed) ? filed : [filed]).filter((other) => other.containerId !== identity.containerId);
    this.#byKey.set(key, others.length === 0 ? identity : [...others, identity]);
  }

  #unfile(identity: ContainerIdentity): void {
    const key = identity.containerId.slice(0, keyLength);
    const filed = this.#byKey.get(key);
    if (filed === identity) this.#byKey.delete(key);
    if (filed === undefined || !isSeveral(filed)) return;
    const others = filed.filter((other) => other !== identity);
    this.#byKey.set(key, others.length === 1 ? others[0]! : others); // one of several was taken away: at least one is left
  }

  #terminate(identity: ContainerIdentity, endedAtMs: number): void {
    const expiresAtMs = this.#clock.monotonicMs() + this.#graceMs;
    this.#terminated.set(identity.containerId, { identity, expiresAtMs, endedAtMs });
    if (this.#terminated.size > this.#maxTerminated) {
      for (const oldest of this.#terminated.values()) {
        this.#forget(oldest);
        break;
      }
    }
    this.#startTimer();
  }

  #forget(ended: Terminated): void {
    this.#terminated.delete(ended.identity.containerId);
    this.#unfile(ended.identity);
  }

  /** One timer at a time, none while no container has ended. */
  #startTimer(): void {
    if (this.#timer !== undefined) return;
    for (const oldest of this.#terminated.values()) {
      const delayMs = Math.max(0, oldest.expiresAtMs - this.#clock.monotonicMs());
      this.#timer = this.#clock.startTimer(() => this.#expire(), Math.ceil(delayMs));
      this.#timer.unref();
      return;
    }
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonicMs();
    for (const ended of this.#terminated.values()) {
      if (ended.expiresAtMs > now) break;
      this.#forget(ended);
    }
    this.#startTimer();
  }
}

function isSeveral(filed: ContainerIdentity | readonly ContainerIdentity[]): filed is readonly ContainerIdentity[] {
  return Array.isArray(filed);
}

function isPodOf(
  identity: ContainerIdentity,
  event: Pick<EventOrigin, "podUid" | "podNamespace" | "podName">,
): boolean {
  return event.podUid === ""
    ? identity.podName === event.podName && identity.namespace === event.podNamespace
    : identity.podUid === event.podUid;
}

function podNameKey(namespace: string, podName: string): string {
  return `${namespace}/${podName}`;
}

function hasSameOwner(one: ContainerIdentity, other: ContainerIdentity): boolean {
  return (
    one.ownerName === other.ownerName &&
    one.ownerKind === other.ownerKind &&
    one.ownerApiVersion === other.ownerApiVersion &&
    one.templateHash === other.templateHash
  );
}
