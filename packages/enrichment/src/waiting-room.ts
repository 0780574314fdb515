import type { Clock, ClockTimer } from "@kinglet/lifecycle";
import { noopMetrics, type Counter, type Metrics } from "@kinglet/metrics";
import type { ContainerIdentity } from "./container-identity.ts";
import type { ContainerIndex } from "./container-index.ts";
import { waitingEvents, waitsEnded } from "./metrics.ts";
import type { RuntimeEvent } from "./runtime-event.ts";

/** Settings of a {@link WaitingRoom}. @public */
export interface WaitingRoomOptions<Event extends RuntimeEvent = RuntimeEvent> {
  readonly index: Pick<ContainerIndex, "find">;
  readonly clock: Clock;
  /** Events that wait at most, at least 1; when full the one that waits longest is delivered unresolved: see `waitForRoom`. */
  readonly maxEntries: number;
  /** Milliseconds. @defaultValue 5000 */
  readonly maxWaitMs?: number;
  /**
   * False while the index may be behind, because what feeds it has lost its connection: no wait ends by time then, as long as the room is
   * less than half full. A container that starts meanwhile is judged when the connection is back.
   *
   * @defaultValue always true
   */
  readonly isCurrent?: () => boolean;
  /** @defaultValue none */
  readonly metrics?: Metrics;
  /** Gets every event exactly once; undefined when its container did not become known, or it belongs to no container. */
  readonly deliver: (event: Event, identity: ContainerIdentity | undefined) => void;
}

interface Waiting<Event> {
  readonly event: Event;
  readonly deadlineMs: number;
  readonly group: Group<Event>;
}

/** The waiting events of one container, first come first; the ones before `head` are gone. */
interface Group<Event> {
  readonly key: string;
  readonly entries: Waiting<Event>[];
  head: number;
}

/** How often a room whose index is behind looks whether it has caught up, milliseconds. */
const recheckMs = 1_000;

/** Keys remembered of containers that were waited for in vain. */
const maxStrangers = 256;

const outcomes = {
  resolved: { outcome: "resolved" },
  timeout: { outcome: "timeout" },
  evicted: { outcome: "evicted" },
} as const;

/**
 * Holds events whose container is not known yet, because events overtake the pods they belong to.
 *
 * - Every submitted event is delivered exactly once, unless the room is disposed of first.
 * - Events of one container are delivered in the order of submission, but for strangers (below); between containers there is no order.
 * - A known container costs one look-up, no allocation here, and delivery happens inside `submit`.
 * - No event waits longer than `maxWaitMs` while the index is current; no timer exists while nobody waits.
 * - A stranger is a container that was waited for in vain. Its further events are delivered unresolved while the room is half full or
 *   more: a flood from something that never becomes known (a container of no pod) leaves room for those that will.
 *
 * @public
 */
export class WaitingRoom<Event extends RuntimeEvent = RuntimeEvent> {
  readonly #index: Pick<ContainerIndex, "find">;
  readonly #clock: Clock;
  readonly #maxEntries: number;
  readonly #maxWaitMs: number;
  readonly #isCurrent: () => boolean;
  readonly #deliver: (event: Event, identity: ContainerIdentity | undefined) => void;
  readonly #groups: Map<string, Group<Event>> = new Map();
  /**
   * Everybody, longest wait first. All wait equally long, so this is also the order of the deadlines, and the first one
   * here is the first one of its group.
   */
  readonly #queue: Set<Waiting<Event>> = new Set();
  readonly #ended: Counter<"outcome">;
  readonly #stopCollecting: () => void;
  /** Keys of groups whose wait ended without a container, oldest first. */
  readonly #strangers: Set<string> = new Set();
  #timer: ClockTimer | undefined;
  #roomWaiter: PromiseWithResolvers<void> | undefined;
  #dropped = 0;
  #isDisposed = false;

  constructor(options: WaitingRoomOptions<Event>) {
    this.#index = options.index;
    this.#clock = options.clock;
    this.#maxEntries = options.maxEntries;
    this.#maxWaitMs = options.maxWaitMs ?? 5000;
    this.#isCurrent = options.isCurrent ?? (() => true);
    this.#deliver = options.deliver;
    const metrics = options.metrics ?? noopMetrics;
    this.#ended = metrics.counter(waitsEnded);
    const gauge = metrics.gauge(waitingEvents);
    this.#stopCollecting = metrics.onCollect(() => gauge.set(this.#queue.size));
  }

  /** Events that wait now. */
  get size(): number {
    return this.#queue.size;
  }

  /** Events that had to be delivered unresolved before their time because the room was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Delivers the event now when its container is known or it belongs to none; else the event waits.
   *
   * Ignored after disposal.
   */
  submit(event: Event): void {
    if (this.#isDisposed) return;
    const key = groupKey(event);
    if (key === "") {
      this.#deliver(event, undefined);
      return;
    }
    // Whoever waits for the same container goes first.
    if (this.#groups.has(key)) this.#resolve(key);
    if (!this.#groups.has(key)) {
      const identity = this.#index.find(event);
      if (identity !== undefined) {
        this.#deliver(event, identity);
        return;
      }
    }
    if (this.#strangers.has(key) && this.#queue.size * 2 >= this.#maxEntries) {
      this.#dropped += 1;
      this.#ended.add(1, outcomes.evicted);
      this.#deliver(event, undefined);
      return;
    }
    this.#enter(event, key);
  }

  /**
   * Undefined while one more event fits; else resolves once one does, after `maxWaitMs` at the latest. Whoever heeds it has no event
   * delivered before its time, so that no container can push the events of another one out by flooding.
   */
  waitForRoom(): Promise<void> | undefined {
    if (this.#isDisposed || this.#queue.size < this.#maxEntries) return undefined;
    this.#roomWaiter ??= Promise.withResolvers<void>();
    return this.#roomWaiter.promise;
  }

  /** Call it after the index learned of these containers: events that waited for them are delivered now. */
  containersAdded(identities: readonly ContainerIdentity[]): void {
    for (const identity of identities) {
      if (this.#groups.size === 0 && this.#strangers.size === 0) return;
      this.#known(idKey(identity.containerId));
      this.#known(uidKey(identity.podUid, identity.containerName));
      this.#known(nameKey(identity.namespace, identity.podName, identity.containerName));
    }
  }

  /**
   * Forgets everybody without delivery: what was never delivered is never acknowledged, so the source brings it again
   * after a restart.
   */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#groups.clear();
    this.#queue.clear();
    this.#strangers.clear();
    this.#tellOfRoom();
    this.#stopTimerWhenEmpty();
    this.#stopCollecting();
  }

  #known(key: string): void {
    this.#strangers.delete(key);
    this.#resolve(key);
  }

  #enter(event: Event, key: string): void {
    if (this.#queue.size >= this.#maxEntries) this.#evictOldest();
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { key, entries: [], head: 0 };
      this.#groups.set(key, group);
    }
    const waiting: Waiting<Event> = { event, deadlineMs: this.#clock.monotonicMs() + this.#maxWaitMs, group };
    group.entries.push(waiting);
    this.#queue.add(waiting);
    this.#startTimer();
    // The container may have become known between the first look and the entry [start-up L12]: whoever adds it then saw
    // nobody waiting, so look once more.
    this.#resolve(key);
  }

  /** Delivers from the front of a group as long as the index knows the container; stops there to keep the order. */
  #resolve(key: string): void {
    let group = this.#groups.get(key);
    while (group !== undefined && !this.#isDisposed) {
      const first = group.entries[group.head]!; // a group in the map is never empty
      const identity = this.#index.find(first.event);
      if (identity === undefined) return;
      this.#leave(first);
      this.#ended.add(1, outcomes.resolved);
      this.#deliver(first.event, identity);
      // `deliver` may have come back in here: look the group up afresh.
      group = this.#groups.get(key);
    }
  }

  #evictOldest(): void {
    for (const oldest of this.#queue) {
      this.#dropped += 1;
      this.#leave(oldest);
      this.#ended.add(1, outcomes.evicted);
      this.#deliver(oldest.event, this.#index.find(oldest.event));
      return;
    }
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.#clock.monotonicMs();
    for (const oldest of this.#queue) {
      if (oldest.deadlineMs > now) break;
      if (this.#queue.size * 2 < this.#maxEntries && !this.#isCurrent()) {
        this.#startTimer(recheckMs);
        return;
      }
      this.#leave(oldest);
      const identity = this.#index.find(oldest.event);
      this.#ended.add(1, identity === undefined ? outcomes.timeout : outcomes.resolved);
      if (identity === undefined) this.#addStranger(oldest.group.key);
      this.#deliver(oldest.event, identity);
      this.#resolve(oldest.group.key);
    }
    if (this.#queue.size > 0) this.#startTimer();
  }

  #addStranger(key: string): void {
    this.#strangers.delete(key);
    this.#strangers.add(key);
    if (this.#strangers.size <= maxStrangers) return;
    for (const oldest of this.#strangers) {
      this.#strangers.delete(oldest);
      return;
    }
  }

  #tellOfRoom(): void {
    if (this.#roomWaiter === undefined || this.#queue.size >= this.#maxEntries) return;
    this.#roomWaiter.resolve();
    this.#roomWaiter = undefined;
  }

  /** Takes the first one of its group out. */
  #leave(waiting: Waiting<Event>): void {
    const { group } = waiting;
    this.#queue.delete(waiting);
    group.head += 1;
    if (group.head === group.entries.length) {
      this.#groups.delete(group.key);
    } else if (group.head >= 64 && group.head * 2 >= group.entries.length) {
      group.entries.splice(0, group.head);
      group.head = 0;
    }
    this.#tellOfRoom();
    this.#stopTimerWhenEmpty();
  }

  #startTimer(leastMs = 0): void {
    if (this.#timer !== undefined) return;
    for (const oldest of this.#queue) {
      const delayMs = Math.max(leastMs, oldest.deadlineMs - this.#clock.monotonicMs());
      this.#timer = this.#clock.startTimer(() => this.#expire(), Math.ceil(delayMs));
      return;
    }
  }

  #stopTimerWhenEmpty(): void {
    if (this.#queue.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

/** What the event's container is known by; the same for all events of one container and source. Empty: no container. */
function groupKey(event: RuntimeEvent): string {
  if (event.containerIdPrefix.length >= 12) return idKey(event.containerIdPrefix);
  if (event.containerName === "") return "";
  if (event.podUid !== "") return uidKey(event.podUid, event.containerName);
  return event.podName === "" ? "" : nameKey(event.podNamespace, event.podName, event.containerName);
}

function idKey(containerId: string): string {
  return containerId.slice(0, 12);
}

function uidKey(podUid: string, containerName: string): string {
  return `${podUid}/${containerName}`;
}

function nameKey(namespace: string, podName: string, containerName: string): string {
  return `${namespace}/${podName}/${containerName}`;
}
