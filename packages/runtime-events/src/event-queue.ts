import type { RuntimeEvent } from "@kinglet/enrichment";
import { BoundedQueue } from "@kinglet/lifecycle";

/** Settings of an {@link EventQueue}. @internal */
export interface EventQueueOptions {
  /** Events that wait at most, 1 ... 2^30. */
  readonly maxEntries: number;
  /** Bytes as received of the events that wait at most. @defaultValue 16 MiB */
  readonly maxBytes?: number;
  /** Told about each dropped event, after it left; must not throw. */
  readonly onDrop?: (event: RuntimeEvent) => void;
}

const defaultMaxBytes = 16_777_216;

/** How much it costs to miss an event: the least goes first. */
const ranks = 3;

interface Entry {
  readonly order: number;
  readonly event: RuntimeEvent;
}

/**
 * Events between a source that cannot be made to wait and a consumer that takes its time.
 *
 * First in, first out. When it is full the least valuable event is dropped, the oldest of its kind first: exits, which only end what
 * ends by itself sooner or later; then what nobody understood and no policy asked for; then, when nothing else is left, the oldest
 * execution or other activity. An arriving event that is worth less than all that wait is dropped itself, and so is one that is larger
 * than the average of them when it is the bytes that are used up: whoever floods with large events loses his own. Every drop is counted.
 *
 * Cost: O(1) per event, one small object each.
 *
 * @internal
 */
export class EventQueue {
  /** One queue per rank; none of them is ever full, because all together are bounded here. */
  readonly #queues: readonly BoundedQueue<Entry>[];
  readonly #heads: (Entry | undefined)[] = Array.from({ length: ranks }, () => undefined);
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #onDrop: ((event: RuntimeEvent) => void) | undefined;
  #order = 0;
  #size = 0;
  #bytes = 0;
  #dropped = 0;
  #arrival: PromiseWithResolvers<void> | undefined;

  /** @throws KINGLET_ERR_LIFECYCLE_INVALID_OPTION */
  constructor(options: EventQueueOptions) {
    const { maxEntries, maxBytes = defaultMaxBytes } = options;
    this.#queues = Array.from({ length: ranks }, () => new BoundedQueue<Entry>({ maxEntries }));
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
    this.#onDrop = options.onDrop;
  }

  /** Events that wait. */
  get size(): number {
    return this.#size;
  }

  /** Events lost so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Adds an event, never waits. @returns false when it was dropped itself. */
  offer(event: RuntimeEvent): boolean {
    const rank = rankOf(event);
    while (this.#size > 0) {
      const isLarge = this.#bytes + event.rawBytes > this.#maxBytes;
      if (!isLarge && this.#size < this.#maxEntries) break;
      const victims = this.#lowestRank();
      const isAboveAverage = isLarge && event.rawBytes * this.#size > this.#bytes;
      if (rank < victims || (rank === victims && isAboveAverage)) return this.#drop(event);
      this.#drop(this.#shift(victims));
    }
    const entry = { order: this.#order++, event };
    if (this.#heads[rank] === undefined) this.#heads[rank] = entry;
    else this.#queues[rank]!.offer(entry); // 0 <= rank < ranks
    this.#size += 1;
    this.#bytes += event.rawBytes;
    this.#arrival?.resolve();
    this.#arrival = undefined;
    return true;
  }

  /** The event that waited longest, or undefined when there is none now. */
  tryTake(): RuntimeEvent | undefined {
    let first = -1;
    for (let rank = 0; rank < ranks; rank++) {
      const head = this.#heads[rank];
      if (head !== undefined && (first < 0 || head.order < this.#heads[first]!.order)) first = rank;
    }
    return first < 0 ? undefined : this.#shift(first);
  }

  /**
   * The event that waited longest; waits for one.
   *
   * @throws the signal's reason; no event is lost by that.
   */
  async take(options: { readonly signal: AbortSignal }): Promise<RuntimeEvent> {
    const { signal } = options;
    for (;;) {
      signal.throwIfAborted();
      const event = this.tryTake();
      if (event !== undefined) return event;
      this.#arrival ??= Promise.withResolvers<void>();
      const { promise, resolve } = this.#arrival;
      const onAbort = (): void => resolve();
      signal.addEventListener("abort", onAbort, { once: true });
      await promise;
      signal.removeEventListener("abort", onAbort);
    }
  }

  #lowestRank(): number {
    for (let rank = 0; rank < ranks; rank++) {
      if (this.#heads[rank] !== undefined) return rank;
    }
    return ranks;
  }

  #shift(rank: number): RuntimeEvent {
    const { event } = this.#heads[rank]!; // whoever calls has seen it
    this.#heads[rank] = this.#queues[rank]!.tryTake();
    this.#size -= 1;
    this.#bytes -= event.rawBytes;
    return event;
  }

  #drop(event: RuntimeEvent): false {
    this.#dropped += 1;
    this.#onDrop?.(event);
    return false;
  }
}

function rankOf(event: RuntimeEvent): number {
  switch (event.kind) {
    case "exit":
      return 0;
    case "kprobe":
    case "tracepoint":
    case "uprobe":
    case "usdt":
    case "loader":
      return event.policyName === "" ? 1 : 2;
    default:
      // Executions, activities (a policy asked for each), lsm, and what the source says about its own losses.
      return 2;
  }
}
