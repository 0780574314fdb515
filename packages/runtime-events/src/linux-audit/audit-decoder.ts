// Hot path: `take` runs once per line.
import type { RuntimeEvent, RuntimeEventKind } from "@kinglet/enrichment";
import type { Clock } from "@kinglet/lifecycle";
import type { Counter, Metrics } from "@kinglet/metrics";
import type { SourceCounters } from "../source-counters.ts";
import { tryParseAuditRecord } from "./audit-record.ts";
import { AuditEventBuilder } from "./event-builder.ts";
import { joinedTypes, type JoinedEvent } from "./joined-event.ts";
import type { LeftOut } from "./left-out.ts";
import { auditContainers, auditEvents, auditRecords } from "./metrics.ts";
import type { ProcessReader } from "./process-reader.ts";
import { ProcessTree, type LocatedBy } from "./process-tree.ts";
import { RecordJoiner } from "./record-joiner.ts";

/** Settings of an {@link AuditDecoder}. @internal */
export interface AuditDecoderOptions {
  readonly nodeName: string;
  readonly kinds: ReadonlySet<RuntimeEventKind> | undefined;
  readonly reader: ProcessReader;
  readonly maxProcesses: number;
  readonly maxJoining: number;
  readonly maxArgumentBytes: number;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly counters: SourceCounters;
  /** A record of the kernel came in. */
  readonly onSerial: (serial: number, timeMs: number) => void;
  /** See `RecordJoiner`. */
  readonly onStart: (offset: number) => number;
}

/** An event that is quiet ends at a record of one this much later; auditd itself goes by the same two seconds. */
const maxAgeMs = 2000;
const minIdleMs = 200;
/** A half of it for arguments: 16 vectors of 128 KiB in hexadecimal at the same time. */
const maxJoiningBytes = 8_388_608;

/** One object each for good: nothing is allocated per record. */
const recordOutcomes: Readonly<
  Record<"joined" | "passedOver" | "malformed" | "tooLong" | "partial", { outcome: string }>
> = {
  joined: { outcome: "joined" },
  passedOver: { outcome: "passed_over" },
  malformed: { outcome: "malformed" },
  tooLong: { outcome: "too_long" },
  partial: { outcome: "partial" },
};
const eventOutcomes: Readonly<Record<LeftOut | "delivered" | "dropped", { outcome: string }>> = {
  delivered: { outcome: "delivered" },
  dropped: { outcome: "dropped" },
  skipped: { outcome: "skipped" },
  failed: { outcome: "failed" },
  headless: { outcome: "headless" },
  unused: { outcome: "unused" },
  unknown: { outcome: "unknown" },
  unresolved: { outcome: "unresolved" },
};
const locatedBy: Readonly<Record<LocatedBy, { by: string }>> = {
  process: { by: "process" },
  tree: { by: "tree" },
  parent: { by: "parent" },
  none: { by: "none" },
};

/**
 * From lines of auditd to events: record, joined event, internal event.
 *
 * @internal
 */
export class AuditDecoder {
  /** Joined events that wait to be built, in the order in which they became whole. */
  readonly whole: JoinedEvent[] = [];
  readonly tree: ProcessTree;
  readonly #options: AuditDecoderOptions;
  readonly #joiner: RecordJoiner;
  readonly #builder: AuditEventBuilder;
  readonly #records: Counter<"outcome">;
  readonly #events: Counter<"outcome">;

  constructor(options: AuditDecoderOptions) {
    this.#options = options;
    const { metrics, reader, maxProcesses, nodeName, kinds } = options;
    this.#records = metrics.counter(auditRecords);
    this.#events = metrics.counter(auditEvents);
    const located = metrics.counter(auditContainers);
    this.tree = new ProcessTree({ reader, maxProcesses, onLocated: (by) => located.add(1, locatedBy[by]) });
    this.#builder = new AuditEventBuilder({ tree: this.tree, reader, nodeName, kinds });
    this.#joiner = new RecordJoiner({
      maxEvents: options.maxJoining,
      maxBytes: maxJoiningBytes,
      maxAgeMs,
      minIdleMs,
      maxArgumentBytes: options.maxArgumentBytes,
      onEvent: (event) => this.whole.push(event),
      onStart: options.onStart,
    });
  }

  /** Events that are being joined. */
  get joining(): number {
    return this.#joiner.size;
  }

  /**
   * Takes a line, without its end.
   *
   * @param line - one byte per character (latin1).
   * @returns false when it is no audit record.
   */
  take(line: string, offset: number): boolean {
    const record = tryParseAuditRecord(line);
    if (record === undefined) {
      this.skipped("malformed");
      return false;
    }
    // auditd's own records have a count of their own.
    if (!record.type.startsWith("DAEMON_")) this.#options.onSerial(record.serial, record.timeMs);
    if (!joinedTypes.has(record.type)) {
      this.#records.add(1, recordOutcomes.passedOver);
      return true;
    }
    this.#records.add(1, recordOutcomes.joined);
    this.#joiner.add(record, offset, line.length, this.#options.clock.monotonicMs());
    return true;
  }

  /** Takes events that had no record for `idleMs` as whole. */
  expire(idleMs: number): void {
    this.#joiner.expire(this.#options.clock.monotonicMs(), idleMs);
  }

  /** Takes all events as whole. */
  flush(): void {
    this.#joiner.flush();
  }

  /** A line that was no record. */
  skipped(reason: "malformed" | "tooLong" | "partial", count = 1): void {
    this.#records.add(count, recordOutcomes[reason]);
    this.#options.counters.skipped(reason === "tooLong" ? "too_long" : reason, count);
  }

  /** An event that was made was left out because its consumer is too slow. */
  dropped(): void {
    this.#events.add(1, eventOutcomes.dropped);
  }

  /**
   * Makes the internal event and counts the outcome.
   *
   * @param sequence - given to the event if there is one.
   */
  build(event: JoinedEvent, sequence: number): RuntimeEvent | undefined {
    const { clock, counters } = this.#options;
    const now = clock.now();
    const built = this.#builder.build(event, sequence, now);
    if (typeof built !== "string") {
      this.#events.add(1, eventOutcomes.delivered);
      counters.event(built.kind, now);
      return built;
    }
    this.#events.add(1, eventOutcomes[built]);
    if (built === "skipped") counters.event(this.#builder.skippedKind, now);
    else if (built === "unknown") counters.unknown("syscall");
    return undefined;
  }
}
