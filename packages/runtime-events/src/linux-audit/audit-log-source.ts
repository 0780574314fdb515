// Hot path: `#readToEnd` runs once per chunk, `#take` once per line.
import type { RuntimeEvent } from "@kinglet/enrichment";
import { createError } from "@kinglet/errors";
import type { ClockTimer } from "@kinglet/lifecycle";
import type { Counter } from "@kinglet/metrics";
import { CheckpointWriter } from "../checkpoint-writer.ts";
import type { Checkpoint } from "../checkpoint.ts";
import { runtimeEventsErrors } from "../errors.ts";
import type { ExportFile } from "../export-file.ts";
import { ExportTail, isDamage, type StartPlace, type TailChange } from "../export-tail.ts";
import { FolderWatch } from "../folder-watch.ts";
import { LineBuffer } from "../line-buffer.ts";
import { checkpoints, fileChanges } from "../metrics.ts";
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
export interface ResolvedLogOptions extends ResolvedAuditOptions {
  readonly path: string;
  readonly checkpointPath: string | undefined;
  readonly startAt: "checkpoint-or-end" | "checkpoint-or-beginning";
  readonly pollIntervalMs: number;
  readonly checkpointIntervalMs: number;
}

type Deliver = (event: RuntimeEvent) => void | Promise<void>;

/** A look at the file that nothing announced: only for file systems that lose notifications, so it may be rare. */
const slowPollMs = 300_000;
const lostReason = "the log that was being read was rotated away before it was read to its end";

/**
 * See `openAuditLogSource`.
 *
 * @internal
 */
export class AuditLogSource implements RuntimeEventSource {
  readonly name = "linux-audit";
  readonly #options: ResolvedLogOptions;
  readonly #decoder: AuditDecoder;
  readonly #lines: LineBuffer;
  readonly #counters: SourceCounters;
  readonly #losses: LossBook;
  readonly #books: EventBooks = new EventBooks();
  readonly #writer: CheckpointWriter | undefined;
  readonly #checkpointOutcomes: Counter<"outcome">;
  readonly #changes: Counter<"change">;
  readonly #stopCollecting: () => void;
  readonly #stop: AbortController = new AbortController();
  #start: StartPlace;
  #file: ExportFile | undefined;
  #running: Promise<void> | undefined;
  #reason = "not started";
  #checkpointTimer: ClockTimer | undefined;
  #joinTimer: ClockTimer | undefined;
  /** Behind the last line taken. */
  #doneOffset = 0;
  #draining: Promise<void> | undefined;

  constructor(options: ResolvedLogOptions, checkpoint: Checkpoint | undefined) {
    this.#options = options;
    const { clock, logger, metrics, readStatus, checkpointPath } = options;
    this.#lines = new LineBuffer(options.maxLineBytes);
    this.#stopCollecting = collectAuditHealth(metrics, () => this.health());
    this.#counters = new SourceCounters(metrics);
    this.#losses = new LossBook({ clock, logger, counters: this.#counters, readStatus });
    this.#decoder = new AuditDecoder({
      ...options,
      reader: options.processes,
      counters: this.#counters,
      onSerial: (serial, timeMs) => this.#losses.seen(serial, timeMs),
      onStart: (offset) => this.#books.started(offset),
    });
    this.#checkpointOutcomes = metrics.counter(checkpoints);
    this.#changes = metrics.counter(fileChanges);
    this.#writer =
      checkpointPath === undefined ? undefined : new CheckpointWriter(checkpointPath, () => this.#takeCheckpoint());
    this.#start = startPlace(options, checkpoint);
    this.#books.restore(checkpoint?.confirmed ?? []);
  }

  async run(options: RunSourceOptions): Promise<void> {
    if (this.#running !== undefined || this.#stop.signal.aborted) {
      throw createError(runtimeEventsErrors, "KINGLET_ERR_RUNTIME_EVENTS_RUNNING", { path: this.#options.path });
    }
    this.#running = this.#run(AbortSignal.any([options.signal, this.#stop.signal]), options.deliver);
    try {
      await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  acknowledge(sequence: number): void {
    if (this.#books.acknowledge(sequence)) this.#moved();
  }

  async confirmAlert(sequence: number, uniqueId: string): Promise<void> {
    this.#books.confirm(sequence, uniqueId);
    await this.#checkpoint();
  }

  wasConfirmed(uniqueId: string): boolean {
    return this.#books.wasConfirmed(uniqueId);
  }

  health(): SourceHealth {
    const file = this.#file;
    this.#losses.settle();
    const reason = this.#reason === "" ? this.#losses.reason : this.#reason;
    return {
      name: this.name,
      connected: reason === "",
      reason,
      lastEventAtMs: this.#counters.lastEventAtMs,
      eventsTotal: this.#counters.eventsTotal,
      decodeErrors: this.#counters.decodeErrors,
      unknownEvents: this.#counters.unknownEvents,
      droppedUpstream: this.#counters.droppedUpstream,
      isEstimate: this.#losses.isEstimate,
      droppedByUs: 0,
      openEvents: this.#books.openCount,
      blindIntervals: this.#losses.intervals,
      position: file === undefined ? undefined : { path: file.path, inode: file.inode, readOffset: this.#doneOffset },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    await this.#running?.catch(() => {
      // Whoever called `run` hears of it.
    });
    this.#checkpointTimer?.cancel();
    this.#checkpointTimer = undefined;
    this.#stopCollecting();
    await this.#checkpointQuietly();
  }

  async #run(outer: AbortSignal, deliver: Deliver): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([outer, failed.signal]);
    const { path, clock, pollIntervalMs, logger } = this.#options;
    const watch = new FolderWatch({
      path,
      clock,
      pollIntervalMs,
      slowPollMs,
      onUnavailable: (reason) => logger.warn("cannot watch the audit log's folder, polling", { path, reason }),
    });
    const tail = new ExportTail({
      path,
      listRotated: listNumbered,
      watch,
      lines: this.#lines,
      onChange: (change) => this.#changed(change),
      onPartialLine: () => this.#decoder.skipped("partial"),
      onWaiting: (reason) => this.#waiting(reason),
    });
    this.#decoder.tree.seed(clock.now());
    const asking = this.#losses.watch(signal);
    try {
      let file = await tail.start(this.#start, signal);
      while (file !== undefined) {
        if (file !== this.#file) await this.#startFile(file);
        await this.#readToEnd(file, signal, deliver);
        this.#expireLater(signal, deliver, failed);
        if (signal.aborted) break;
        file = await tail.next(file, signal);
      }
    } finally {
      watch.close();
      this.#joinTimer?.cancel();
      this.#joinTimer = undefined;
      this.#losses.stop();
      this.#reason = "stopped";
      // A later run goes on here; what is open then is still acknowledged by its sequence.
      if (this.#file !== undefined) {
        const position = { ...this.#file.identity, offset: this.#doneOffset };
        this.#start = { at: "checkpoint", position, savedAtMs: clock.now() };
        await this.#file.close();
        this.#file = undefined;
      }
      await asking;
    }
    if (failed.signal.aborted) throw failed.signal.reason;
  }

  async #startFile(file: ExportFile): Promise<void> {
    const isFirst = this.#file === undefined;
    this.#file = file;
    this.#doneOffset = this.#lines.nextOffset;
    this.#books.startFile(file);
    // From here on a restart begins where this one did, whatever `startAt` says.
    if (isFirst) await this.#checkpointQuietly();
  }

  async #readToEnd(file: ExportFile, signal: AbortSignal, deliver: Deliver): Promise<void> {
    const lines = this.#lines;
    // What a former run had no time for.
    await this.#drain(signal, deliver);
    while (!signal.aborted) {
      const tooLong = lines.tooLong;
      const at = lines.makeRoom();
      const room = lines.bytes.length - at;
      const count = await this.#read(file, at);
      if (count === 0) break;
      lines.added(count);
      // Needed before the first event: places in this file are told from others by it.
      if (file.firstLine === "") file.firstLine = await file.currentFirstLine();
      while (!signal.aborted && lines.next()) {
        this.#take();
        const pending = this.#decoder.whole.length === 0 ? undefined : this.#drain(signal, deliver);
        if (pending !== undefined) await pending;
      }
      if (lines.tooLong > tooLong) this.#decoder.skipped("tooLong", lines.tooLong - tooLong);
      if (this.#doneOffset !== lines.nextOffset) {
        this.#doneOffset = lines.nextOffset;
        this.#moved();
      }
      // Less than there was room for: that was the end, and if it was not, `next` will notice.
      if (!file.isCompressed && count < room) break;
    }
    if (file.path === this.#options.path && !signal.aborted) this.#books.caughtUp();
  }

  async #read(file: ExportFile, at: number): Promise<number> {
    const { bytes } = this.#lines;
    try {
      return await file.read(bytes, at, bytes.length - at);
    } catch (error) {
      if (!file.isCompressed || !isDamage(error)) throw error;
      this.#options.logger.warn("compressed audit log is damaged, its rest is left out", { path: file.path, error });
      this.#decoder.skipped("malformed");
      return 0;
    }
  }

  /** Handles the current line. */
  #take(): void {
    const { bytes, lineStart, lineEnd, nextOffset } = this.#lines;
    this.#doneOffset = nextOffset;
    this.#decoder.take(bytes.toString("latin1", lineStart, lineEnd), nextOffset - 1 - (lineEnd - lineStart));
  }

  /** Delivers what is whole. @returns a promise when the consumer wants the reader to wait. */
  #drain(signal: AbortSignal, deliver: Deliver): Promise<void> | undefined {
    if (this.#draining !== undefined) return this.#draining;
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
      this.#draining = untilAborted(pending, signal).finally(() => {
        this.#draining = undefined;
      });
      return this.#drainOn(this.#draining, signal, deliver);
    }
    return undefined;
  }

  async #drainOn(pending: Promise<void>, signal: AbortSignal, deliver: Deliver): Promise<void> {
    await pending;
    if (!signal.aborted) await this.#drain(signal, deliver);
  }

  /** Records that no further ones follow make an event after a while; only while there are any. */
  #expireLater(signal: AbortSignal, deliver: Deliver, failed: AbortController): void {
    if (this.#decoder.joining === 0 || signal.aborted) {
      this.#joinTimer?.cancel();
      this.#joinTimer = undefined;
    } else this.#joinTimer ??= this.#startJoinTimer(signal, deliver, failed);
  }

  #startJoinTimer(signal: AbortSignal, deliver: Deliver, failed: AbortController): ClockTimer {
    const { clock, joinIdleMs } = this.#options;
    return clock.startTimer(() => {
      this.#joinTimer = undefined;
      this.#decoder.expire(joinIdleMs);
      const delivering = async (): Promise<void> => {
        await this.#drain(signal, deliver);
        this.#moved();
        this.#expireLater(signal, deliver, failed);
      };
      delivering().catch((error: unknown) => failed.abort(error));
    }, joinIdleMs);
  }

  #changed(change: TailChange): void {
    const { logger, path, clock } = this.#options;
    this.#changes.add(1, { change });
    if (change !== "lost") {
      logger.debug("audit log changed", { path, change });
      return;
    }
    const fromMs = this.#start.at === "checkpoint" ? this.#start.savedAtMs : clock.now();
    logger.warn(lostReason, { path });
    this.#losses.blind({ fromMs, untilMs: clock.now(), reason: lostReason });
  }

  #waiting(reason: string | undefined): void {
    const next = reason ?? "";
    if (next === this.#reason) return;
    this.#reason = next;
    const { logger, path } = this.#options;
    if (next === "") {
      logger.info("reading audit records", { path });
      return;
    }
    logger.warn("waiting for the audit log", { path, reason: next });
    // A restart must not take a file that appears from now on for one whose content is old.
    if (this.#file === undefined) void this.#checkpointQuietly();
  }

  /** The mark may have moved: a checkpoint follows, soon, once. */
  #moved(): void {
    if (this.#writer === undefined || this.#checkpointTimer !== undefined || this.#stop.signal.aborted) return;
    this.#checkpointTimer = this.#options.clock.startTimer(() => {
      this.#checkpointTimer = undefined;
      void this.#checkpointQuietly();
    }, this.#options.checkpointIntervalMs);
    this.#checkpointTimer.unref();
  }

  async #checkpoint(): Promise<void> {
    if (this.#writer === undefined) return;
    try {
      await this.#writer.write();
    } catch (error) {
      this.#checkpointOutcomes.add(1, { outcome: "failed" });
      throw error;
    }
    this.#checkpointOutcomes.add(1, { outcome: "written" });
  }

  async #checkpointQuietly(): Promise<void> {
    try {
      await this.#checkpoint();
    } catch (error) {
      // Reading goes on: the price is events that come again after a restart.
      this.#options.logger.warn((error as Error).message, { code: (error as { code?: unknown }).code });
    }
  }

  #takeCheckpoint(): Checkpoint {
    const mark = this.#books.mark(this.#doneOffset);
    // Before the first file of this run was opened, the former run's position is still the one to keep.
    const former = this.#start.at === "checkpoint" ? this.#start.position : undefined;
    return { savedAtMs: this.#options.clock.now(), position: mark.position ?? former, confirmed: mark.confirmed };
  }
}

function startPlace(options: ResolvedLogOptions, checkpoint: Checkpoint | undefined): StartPlace {
  if (checkpoint !== undefined) {
    return { at: "checkpoint", position: checkpoint.position, savedAtMs: checkpoint.savedAtMs };
  }
  return { at: options.startAt === "checkpoint-or-end" ? "end" : "beginning" };
}

/** Resolves with the promise or when the signal fires. */
function untilAborted(pending: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const onAbort = (): void => resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    pending.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
