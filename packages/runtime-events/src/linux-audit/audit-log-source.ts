// Hot path: `#take` runs once per line.
import type { ClockTimer } from "@kinglet/lifecycle";
import type { Counter } from "@kinglet/metrics";
import type { Checkpoint } from "../checkpoint.ts";
import type { FollowedFile } from "../file-follower-options.ts";
import { FileFollower, untilDone } from "../file-follower.ts";
import type { LineBuffer } from "../line-buffer.ts";
import { holds } from "../metrics.ts";
import type { RunSourceOptions, RuntimeEventSource } from "../runtime-event-source.ts";
import { SourceCounters } from "../source-counters.ts";
import type { SourceHealth } from "../source-health.ts";
import { AuditDecoder } from "./audit-decoder.ts";
import type { ResolvedAuditOptions } from "./audit-source-options.ts";
import { EventBooks } from "./event-books.ts";
import { collectAuditHealth } from "./collect-audit-health.ts";
import { LossBook } from "./loss-book.ts";
import { listNumbered } from "./numbered-rotation.ts";

/** Checked settings of an {@link AuditLogSource}. @internal */
export type ResolvedLogOptions = ResolvedAuditOptions & FollowedFile;

/** What events of the current run go to, until when. */
interface Run {
  readonly signal: AbortSignal;
  readonly deliver: RunSourceOptions["deliver"];
  readonly failed: AbortController;
}

/**
 * See `openAuditLogSource`.
 *
 * @internal
 */
export class AuditLogSource implements RuntimeEventSource {
  readonly name = "linux-audit";
  readonly #options: ResolvedLogOptions;
  readonly #decoder: AuditDecoder;
  readonly #counters: SourceCounters;
  readonly #losses: LossBook;
  readonly #books: EventBooks = new EventBooks();
  readonly #follower: FileFollower;
  readonly #held: Counter;
  readonly #stopCollecting: () => void;
  #run: Run | undefined;
  #joinTimer: ClockTimer | undefined;
  /** Nothing was there to be read when it was looked at last. */
  #isAtEnd = false;
  #draining: Promise<void> | undefined;

  constructor(options: ResolvedLogOptions, checkpoint: Checkpoint | undefined) {
    this.#options = options;
    const { clock, logger, metrics, readStatus, path } = options;
    this.#stopCollecting = collectAuditHealth(metrics, () => this.health());
    this.#counters = new SourceCounters(metrics);
    this.#held = metrics.counter(holds);
    this.#losses = new LossBook({ clock, logger, counters: this.#counters, readStatus });
    this.#decoder = new AuditDecoder({
      ...options,
      reader: options.processes,
      counters: this.#counters,
      onSerial: (serial, timeMs) => this.#losses.seen(serial, timeMs),
      onStart: (offset) => this.#books.started(offset),
    });
    this.#books.restore(checkpoint?.confirmed ?? []);
    this.#follower = new FileFollower(options, checkpoint, {
      noun: "audit log",
      listRotated: listNumbered,
      startFile: (file) => this.#books.startFile(file),
      // What a former run had no time for.
      beforeReading: () => this.#drain(),
      take: (lines) => this.#take(lines),
      skipped: (reason, count) => this.#decoder.skipped(reason === "too_long" ? "tooLong" : reason, count),
      atEnd: (file) => {
        this.#isAtEnd = true;
        if (file.path === path) this.#books.caughtUp();
        this.#expireLater();
      },
      mark: (_, doneOffset) => this.#books.mark(doneOffset),
    });
  }

  async run({ signal: outer, deliver }: RunSourceOptions): Promise<void> {
    const failed = new AbortController();
    await this.#follower.run(AbortSignal.any([outer, failed.signal]), async (signal, read) => {
      this.#run = { signal, deliver, failed };
      this.#decoder.tree.seed(this.#options.clock.now());
      const asking = this.#losses.watch(signal);
      try {
        await read();
      } finally {
        this.#run = undefined;
        this.#joinTimer?.cancel();
        this.#joinTimer = undefined;
        this.#losses.stop();
        await asking;
      }
    });
    if (failed.signal.aborted) throw failed.signal.reason;
  }

  acknowledge(sequence: number): void {
    if (this.#books.acknowledge(sequence)) this.#follower.moved();
  }

  async confirmAlert(sequence: number, uniqueId: string): Promise<void> {
    this.#books.confirm(sequence, uniqueId);
    await this.#follower.checkpoint();
  }

  wasConfirmed(uniqueId: string): boolean {
    return this.#books.wasConfirmed(uniqueId);
  }

  health(): SourceHealth {
    this.#losses.settle();
    const file = this.#follower.health();
    const reason = file.reason === "" ? this.#losses.reason : file.reason;
    return {
      name: this.name,
      ...file,
      ...this.#counters.health,
      connected: reason === "",
      reason,
      isEstimate: this.#losses.isEstimate,
      droppedByUs: 0,
      openEvents: this.#books.openCount,
      blindIntervals: [...file.blindIntervals, ...this.#losses.intervals],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#follower.close();
    this.#stopCollecting();
  }

  /** Handles the current line. @returns a promise when the consumer wants the reader to wait. */
  #take({ bytes, lineStart, lineEnd, nextOffset }: LineBuffer): Promise<void> | undefined {
    this.#follower.doneOffset = nextOffset;
    this.#isAtEnd = false;
    this.#decoder.take(bytes.toString("latin1", lineStart, lineEnd), nextOffset - 1 - (lineEnd - lineStart));
    if (this.#decoder.whole.length === 0) return undefined;
    const room = this.#books.untilRoom();
    if (room === undefined) return this.#drain();
    this.#held.add(1);
    return room.then(() => this.#drain());
  }

  /** Delivers what is whole. @returns a promise when the consumer wants the reader to wait. */
  #drain(): Promise<void> | undefined {
    if (this.#draining !== undefined) return this.#draining;
    if (this.#run === undefined) return undefined;
    const { signal, deliver } = this.#run;
    const { whole } = this.#decoder;
    for (let event = whole.shift(); event !== undefined; event = whole.shift()) {
      const built = this.#decoder.build(event, this.#books.nextSequence);
      if (built === undefined) {
        this.#books.leftOut(event.id);
        continue;
      }
      this.#books.delivered(event.id);
      const pending = deliver(built);
      if (pending === undefined) continue;
      this.#draining = untilDone(pending, signal).finally(() => {
        this.#draining = undefined;
      });
      return this.#drainOn(this.#draining, signal);
    }
    return undefined;
  }

  async #drainOn(pending: Promise<void>, signal: AbortSignal): Promise<void> {
    await pending;
    if (!signal.aborted) await this.#drain();
  }

  /** Records that no further ones follow make an event after a while; only while there are any. */
  #expireLater(): void {
    if (this.#run === undefined || this.#decoder.joining === 0 || this.#run.signal.aborted) {
      this.#joinTimer?.cancel();
      this.#joinTimer = undefined;
    } else this.#joinTimer ??= this.#startJoinTimer(this.#run);
  }

  #startJoinTimer({ failed }: Run): ClockTimer {
    const { clock, joinIdleMs } = this.#options;
    return clock.startTimer(() => {
      this.#joinTimer = undefined;
      // What waits while the consumer is busy may be the rest of an event; its end is looked for again at the file's.
      if (!this.#isAtEnd) return;
      this.#decoder.expire(joinIdleMs);
      const delivering = async (): Promise<void> => {
        await this.#drain();
        this.#follower.moved();
        this.#expireLater();
      };
      delivering().catch((error: unknown) => failed.abort(error));
    }, joinIdleMs);
  }
}
