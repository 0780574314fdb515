// Hot path: `add` runs once per record.
import type { AuditRecord } from "./audit-record.ts";
import { JoinedEvent } from "./joined-event.ts";

/** Settings of a {@link RecordJoiner}. @internal */
export interface RecordJoinerOptions {
  /** Events that are being joined at the same time; with one more the oldest is taken as whole. */
  readonly maxEvents: number;
  /** Characters of records held for events that are being joined; beyond it the oldest is taken as whole. */
  readonly maxBytes: number;
  /** An event is whole when a record of one this much later arrives, milliseconds of the records' own time. */
  readonly maxAgeMs: number;
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
 * the first of: EOE, PROCTITLE, a record of a later time, too many others, silence ({@link expire}).
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
  add(record: AuditRecord, offset: number, rawBytes: number, nowMs: number): void {
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
    event.add(record, this.#options.maxArgumentBytes);
    event.lastRecordAtMs = nowMs;
    event.rawBytes += rawBytes;
    this.#bytes += rawBytes;
    if (isEnd) this.#end(key, event);
    if (timeMs > this.#newestMs) this.#newestMs = timeMs;
    this.#endSurplus();
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

  #endSurplus(): void {
    const { maxEvents, maxBytes, maxAgeMs } = this.#options;
    for (const [key, event] of this.#events) {
      const isOld = event.timeMs + maxAgeMs < this.#newestMs;
      if (!isOld && this.#events.size <= maxEvents && this.#bytes <= maxBytes) return;
      this.#end(key, event);
    }
  }

  #end(key: string, event: JoinedEvent): void {
    this.#events.delete(key);
    this.#bytes -= event.rawBytes;
    // One wrong time far ahead must not end every later event early.
    if (this.#events.size === 0) this.#newestMs = 0;
    this.#options.onEvent(event);
  }
}
