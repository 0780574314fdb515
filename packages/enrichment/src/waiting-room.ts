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
  /** Events that wait at most, at least 1; when there is no room for another, one is delivered unresolved. */
  readonly maxEntries: number;
  /**
   * Bytes that waiting events keep at most, told by `sizeOf`. A single larger event still waits, and while the index is behind there may be
   * one event more.
   *
   * @defaultValue no bound
   */
  readonly maxBytes?: number;
  /** Bytes of memory that an event keeps; the same at every call. @defaultValue `rawBytes` */
  readonly sizeOf?: (event: Event) => number;
  /** Milliseconds. @defaultValue 5000 */
  readonly maxWaitMs?: number;
  /**
   * False while the index may be behind, because what feeds it has not read everything yet or has lost its connection: no wait ends by
   * time then. A container that starts meanwhile is judged when the connection is back.
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
  readonly bytes: number;
  readonly deadlineMs: number;
  readonly group: Group<Event>;
}

/** The waiting events of one container, first come first; the ones before `head` are gone, and their places empty: events may be large. */
interface Group<Event> {
  readonly key: string;
  readonly entries: (Waiting<Event> | undefined)[];
  head: number;
  bytes: number;
}

/** How often a room whose index is behind looks whether it has caught up, milliseconds. */
const recheckMs = 1_000;

/** Keys remembered of containers that were waited for in vain. */
const maxStrangers = 256;

/** A container that keeps more than this part of a full room gives way itself: a flood of its own pushes nobody else out. */
const fairShare = 0.0625;

/** How long a producer is asked to wait for an index that is behind, until it has caught up once, milliseconds. */
const patienceMs = 30_000;

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
 * - Nobody is delivered unresolved before that as long as there is room, but for strangers. Without room for another one, the oldest event of
 *   the same container goes if that has more than its share, else the oldest of all: whatever never becomes known, the producer does
 *   not have to wait. Only while the index is behind it may, see `waitForRoom`.
 * - A stranger is a container that was waited for in vain. Its further events are delivered unresolved while half of the entries or
 *   bytes is taken: a flood from something that never becomes known (a container of no pod) leaves room for those that will.
 *
 * @public
 */
export class WaitingRoom<Event extends RuntimeEvent = RuntimeEvent> {
  readonly #index: Pick<ContainerIndex, "find">;
  readonly #clock: Clock;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #sizeOf: (event: Event) => number;
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
  #bytes = 0;
  /** Until when a producer waits for the index; undefined when it has not been asked to since the index was current. */
  #patientUntilMs: number | undefined;
  #roomWaiter: PromiseWithResolvers<void> | undefined;
  #dropped = 0;
  #isDisposed = false;

  constructor(options: WaitingRoomOptions<Event>) {
    this.#index = options.index;
    this.#clock = options.clock;
    this.#maxEntries = options.maxEntries;
    this.#maxBytes = options.maxBytes ?? Infinity;
    this.#sizeOf = options.sizeOf ?? (({ rawBytes }) => rawBytes);
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

  /** Bytes that they keep. */
  get bytes(): number {
    return this.#bytes;
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
    if (this.#strangers.has(key) && this.#isFilled(0.5)) {
      this.#dropped += 1;
      this.#ended.add(1, outcomes.evicted);
      this.#deliver(event, undefined);
      return;
    }
    this.#enter(event, key);
  }

  /**
   * What a producer that can wait should wait for before it submits another event; undefined when it need not.
   *
   * It need not while there is room, and never while the index is current: what is not known then is not about to be. While the index is
   * behind (at the start, after a lost connection) and the room is full, it resolves as soon as there is room or the index is current. The
   * producer is held up for 30 s at most until the index was current again: a node is watched without its API server, too.
   */
  waitForRoom(): Promise<void> | undefined {
    if (this.#isDisposed || !this.#holdsBack()) return undefined;
    if (this.#roomWaiter === undefined) {
      this.#roomWaiter = Promise.withResolvers<void>();
      // The next deadline may be later than the moment in which the index catches up.
      this.#timer?.cancel();
      this.#timer = this.#clock.startTimer(() => this.#expire(), recheckMs);
    }
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
    this.#bytes = 0;
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
    const bytes = this.#sizeOf(event);
    while (this.#queue.size > 0 && this.#lacksRoomFor(bytes)) {
      this.#evictFor(key);
      // `deliver` may have disposed of the room.
      if (this.#isDisposed) return;
    }
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { key, entries: [], head: 0, bytes: 0 };
      this.#groups.set(key, group);
    }
    const deadlineMs = this.#clock.monotonicMs() + this.#maxWaitMs;
    const waiting: Waiting<Event> = { event, bytes, deadlineMs, group };
    group.entries.push(waiting);
    group.bytes += bytes;
    this.#bytes += bytes;
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

  #evictFor(key: string): void {
    const own = this.#groups.get(key);
    for (const oldest of this.#queue) {
      const waiting = own !== undefined && this.#exceedsShare(own) ? own.entries[own.head]! : oldest; // a group is never empty
      this.#dropped += 1;
      this.#leave(waiting);
      this.#ended.add(1, outcomes.evicted);
      this.#deliver(waiting.event, this.#index.find(waiting.event));
      return;
    }
  }

  #exceedsShare({ entries, head, bytes }: Group<Event>): boolean {
    return entries.length - head > this.#maxEntries * fairShare || bytes > this.#maxBytes * fairShare;
  }

  #isFilled(part: number): boolean {
    return this.#queue.size >= this.#maxEntries * part || this.#bytes >= this.#maxBytes * part;
  }

  /** True while a full room waits for an index that is behind. */
  #holdsBack(): boolean {
    const isFull = this.#isFilled(1);
    if (!isFull && this.#patientUntilMs === undefined) return false;
    if (this.#isCurrent()) {
      this.#patientUntilMs = undefined;
      return false;
    }
    if (!isFull) return false;
    this.#patientUntilMs ??= this.#clock.monotonicMs() + patienceMs;
    return this.#isPatient();
  }

  /** A producer that heeds {@link waitForRoom} brings one event more than fits at most, which loses less than to let another one go for it. */
  #isPatient(): boolean {
    const untilMs = this.#patientUntilMs;
    return !this.#isCurrent() && (untilMs === undefined || this.#clock.monotonicMs() < untilMs);
  }

  #lacksRoomFor(bytes: number): boolean {
    return this.#isFilled(1) || (this.#bytes + bytes > this.#maxBytes && !this.#isPatient());
  }

  #expire(): void {
    this.#timer = undefined;
    this.#tellOfRoom();
    const now = this.#clock.monotonicMs();
    for (const oldest of this.#queue) {
      if (oldest.deadlineMs > now) break;
      if (!this.#isCurrent()) {
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
    if (this.#roomWaiter !== undefined) this.#timer ??= this.#clock.startTimer(() => this.#expire(), recheckMs);
    else if (this.#queue.size > 0) this.#startTimer();
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
    if (this.#roomWaiter === undefined || (!this.#isDisposed && this.#holdsBack())) return;
    this.#roomWaiter.resolve();
    this.#roomWaiter = undefined;
  }

  /** Takes the first one of its group out. */
  #leave(waiting: Waiting<Event>): void {
    const { group } = waiting;
    this.#queue.delete(waiting);
    this.#bytes -= waiting.bytes;
    group.bytes -= waiting.bytes;
    group.entries[group.head] = undefined;
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
