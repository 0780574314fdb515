// Hot path: `add` runs once per record.
import type { AuditRecord } from "./audit-record.ts";
import { JoinedEvent } from "./joined-event.ts";

/** Settings of a {@link RecordJoiner}. @internal */
export interface RecordJoinerOptions {
  /** Events that are being joined at the same time; with one more the oldest is taken as whole. */
  readonly maxEvents: number;
  /**
   * Characters of records held for events that are being joined. Beyond a half of it no more arguments are kept, of whatever event; beyond it, the one that
   * holds most is taken as whole, so that none is for the sake of a larger one.
   */
  readonly maxBytes: number;
  /** An event is whole when a record of one this much later has come, milliseconds of the records' own time, and {@link minIdleMs} has passed. */
  readonly maxAgeMs: number;
  /** ... without a record of it, monotonic milliseconds: clocks are set, in the middle of an event too. */
  readonly minIdleMs: number;
  /** Bytes of arguments kept per event. */
  readonly maxArgumentBytes: number;
  readonly onEvent: (event: JoinedEvent) => void;
  /** A first record came in; gives the event's id for whoever keeps books. */
  readonly onStart: (offset: number) => number;
}

/**
 * Puts the records of each event together by their serial number.
 *
 * Records of one event follow each other in order; records of several events are mixed. In a log file nothing says that an event
 * is whole: the last record of a system call is its PROCTITLE, which rules may exclude, and the end mark EOE goes to plugins only. So an event ends with
 * the first of: EOE, PROCTITLE, a record of a later time while none of its own comes, too many others, silence ({@link expire}).
 *
 * Which events come out does not depend on how their records were mixed.
 *
 * @internal
 */
export class RecordJoiner {
  readonly #options: RecordJoinerOptions;
  /** In the order of first records. */
  readonly #events: Map<string, JoinedEvent> = new Map();
  #bytes = 0;
  #newestMs = 0;

  constructor(options: RecordJoinerOptions) {
    this.#options = options;
  }

  /** Events that are being joined. */
  get size(): number {
    return this.#events.size;
  }

  /** Where the oldest of them begins; undefined when there is none. */
  get oldestOffset(): number | undefined {
    for (const event of this.#events.values()) return event.offset;
    return undefined;
  }

  /**
   * Takes a record of one of the joined kinds.
   *
   * @param nowMs - monotonic milliseconds, for {@link expire}.
   */
  add(record: AuditRecord, offset: number, lineBytes: number, nowMs: number): void {
    const { type, timeMs } = record;
    const key = record.nodeName === "" ? record.stamp : `${record.nodeName} ${record.stamp}`;
    let event = this.#events.get(key);
    const isEnd = type === "EOE" || type === "PROCTITLE";
    if (event === undefined) {
      // The end of something that is whole already, or that was never ours.
      if (isEnd) return;
      event = new JoinedEvent(record, offset, this.#options.onStart(offset), nowMs);
      this.#events.set(key, event);
    }
    const { maxArgumentBytes, maxBytes } = this.#options;
    this.#bytes += event.add(record, maxArgumentBytes, lineBytes, maxBytes / 2 - this.#bytes);
    event.lastRecordAtMs = nowMs;
    if (isEnd) this.#end(key, event);
    if (timeMs > this.#newestMs) this.#newestMs = timeMs;
    this.#endSurplus(nowMs);
  }

  /** Ends the events that had no record for `idleMs`. */
  expire(nowMs: number, idleMs: number): void {
    for (const [key, event] of this.#events) {
      if (nowMs - event.lastRecordAtMs >= idleMs) this.#end(key, event);
    }
  }

  /** Ends all events, e.g. because nothing more can come. */
  flush(): void {
    for (const [key, event] of this.#events) this.#end(key, event);
  }

  #endSurplus(nowMs: number): void {
    const { maxEvents, maxBytes, maxAgeMs, minIdleMs } = this.#options;
    for (const [key, event] of this.#events) {
      const isOld = event.timeMs + maxAgeMs < this.#newestMs && nowMs - event.lastRecordAtMs >= minIdleMs;
      if (!isOld && this.#events.size <= maxEvents) break;
      this.#end(key, event);
    }
    while (this.#bytes > maxBytes) this.#endLargest();
  }

  /** Looks at all of them; at most once for each that begins. */
  #endLargest(): void {
    let largestKey = "";
    let largest: JoinedEvent | undefined;
    for (const [key, event] of this.#events) {
      if (largest !== undefined && event.keptBytes <= largest.keptBytes) continue;
      largestKey = key;
      largest = event;
    }
    if (largest !== undefined) this.#end(largestKey, largest);
  }

  #end(key: string, event: JoinedEvent): void {
    this.#events.delete(key);
    this.#bytes -= event.keptBytes;
    // One wrong time far ahead must not end every later event early.
    if (this.#events.size === 0) this.#newestMs = 0;
    this.#options.onEvent(event);
  }
}
