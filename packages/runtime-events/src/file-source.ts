// Hot path: `#readToEnd` and `#take` run once per chunk and once per line.
import type { RuntimeEvent } from "@kinglet/enrichment";
import { createError } from "@kinglet/errors";
import type { ClockTimer } from "@kinglet/lifecycle";
import type { Counter } from "@kinglet/metrics";
import { Acknowledgements } from "./acknowledgements.ts";
import { AgentRestarts } from "./agent-restarts.ts";
import { CheckpointWriter } from "./checkpoint-writer.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { runtimeEventsErrors } from "./errors.ts";
import type { ExportFile } from "./export-file.ts";
import { listRotated } from "./export-folder.ts";
import { ExportTail, isDamage, type StartPlace, type TailChange } from "./export-tail.ts";
import { FolderWatch } from "./folder-watch.ts";
import { loadDecodeActivity } from "./lazy.ts";
import { LineBuffer } from "./line-buffer.ts";
import { checkpoints, connected, fileChanges, openEvents } from "./metrics.ts";
import type { ResolvedOptions } from "./resolve-options.ts";
import { SourceCounters } from "./source-counters.ts";
import type { BlindInterval, SourceHealth } from "./source-health.ts";
import { TetragonDecoder, type DecodeOutcome } from "./tetragon-decoder.ts";
import { ThrottleTimes } from "./throttle-times.ts";
import type { TetragonFileSource } from "./tetragon-file-source.ts";

/** A look at the file that nothing announced: only for file systems that lose notifications, so it may be rare. */
const slowPollMs = 300_000;
const maxBlindIntervals = 16;

type Deliver = (event: RuntimeEvent) => void | Promise<void>;

/**
 * See {@link TetragonFileSource}; made by `openTetragonFileSource`.
 *
 * @internal
 */
export class FileSource implements TetragonFileSource {
  readonly name = "tetragon-file";
  readonly #options: ResolvedOptions;
  readonly #decoder: TetragonDecoder;
  readonly #lines: LineBuffer;
  readonly #counters: SourceCounters;
  readonly #acknowledgements: Acknowledgements = new Acknowledgements();
  readonly #writer: CheckpointWriter | undefined;
  readonly #checkpointOutcomes: Counter<"outcome">;
  readonly #changes: Counter<"change">;
  readonly #stopCollecting: () => void;
  readonly #stop: AbortController = new AbortController();
  readonly #blindIntervals: BlindInterval[] = [];
  readonly #restarts: AgentRestarts = new AgentRestarts();
  readonly #throttles: ThrottleTimes = new ThrottleTimes();
  #start: StartPlace;
  #file: ExportFile | undefined;
  #running: Promise<void> | undefined;
  #reason = "not started";
  #sequence = 0;
  #timer: ClockTimer | undefined;
  /** What the current file's first checkpointed offset would be if nothing were open. */
  #doneOffset = 0;

  constructor(options: ResolvedOptions, checkpoint: Checkpoint | undefined) {
    this.#options = options;
    this.#decoder = new TetragonDecoder({
      nodeName: options.nodeName,
      kinds: options.kinds,
      loadActivities: loadDecodeActivity,
    });
    this.#lines = new LineBuffer(options.maxLineBytes);
    this.#counters = new SourceCounters(options.metrics);
    this.#checkpointOutcomes = options.metrics.counter(checkpoints);
    this.#changes = options.metrics.counter(fileChanges);
    this.#writer =
      options.checkpointPath === undefined
        ? undefined
        : new CheckpointWriter(options.checkpointPath, () => this.#takeCheckpoint());
    this.#start = startPlace(options, checkpoint);
    this.#acknowledgements.restore(checkpoint?.confirmed ?? []);
    const open = options.metrics.gauge(openEvents);
    const isConnected = options.metrics.gauge(connected);
    this.#stopCollecting = options.metrics.onCollect(() => {
      open.set(this.#acknowledgements.openCount);
      isConnected.set(this.#reason === "" ? 1 : 0);
    });
  }

  async run(options: { readonly signal: AbortSignal; readonly deliver: Deliver }): Promise<void> {
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
    if (this.#acknowledgements.acknowledge(sequence)) this.#moved();
  }

  async confirmAlert(sequence: number, uniqueId: string): Promise<void> {
    this.#acknowledgements.confirm(sequence, uniqueId);
    await this.checkpoint();
  }

  wasConfirmed(uniqueId: string): boolean {
    return this.#acknowledgements.wasConfirmed(uniqueId);
  }

  async checkpoint(): Promise<void> {
    if (this.#writer === undefined) return;
    try {
      await this.#writer.write();
    } catch (error) {
      this.#checkpointOutcomes.add(1, { outcome: "failed" });
      throw error;
    }
    this.#checkpointOutcomes.add(1, { outcome: "written" });
  }

  health(): SourceHealth {
    const file = this.#file;
    return {
      name: this.name,
      connected: this.#reason === "",
      reason: this.#reason,
      lastEventAtMs: this.#counters.lastEventAtMs,
      eventsTotal: this.#counters.eventsTotal,
      decodeErrors: this.#counters.decodeErrors,
      unknownEvents: this.#counters.unknownEvents,
      droppedUpstream: this.#counters.droppedUpstream,
      isEstimate: false,
      droppedByUs: 0,
      openEvents: this.#acknowledgements.openCount,
      blindIntervals: [...this.#blindIntervals, ...this.#throttles.list],
      position: file === undefined ? undefined : { path: file.path, inode: file.inode, readOffset: this.#doneOffset },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    await this.#running?.catch(() => {
      // Whoever called `run` hears of it.
    });
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#stopCollecting();
    await this.#checkpointQuietly();
  }

  async #run(signal: AbortSignal, deliver: Deliver): Promise<void> {
    const { path, clock, pollIntervalMs, logger } = this.#options;
    const watch = new FolderWatch({
      path,
      clock,
      pollIntervalMs,
      slowPollMs,
      onUnavailable: (reason) => logger.warn("cannot watch the event file's folder, polling", { path, reason }),
    });
    const tail = new ExportTail({
      path,
      listRotated,
      watch,
      lines: this.#lines,
      onChange: (change) => this.#changed(change),
      onPartialLine: () => this.#counters.skipped("partial"),
      onWaiting: (reason) => this.#waiting(reason),
    });
    try {
      let file = await tail.start(this.#start, signal);
      while (file !== undefined) {
        if (file !== this.#file) await this.#startFile(file);
        await this.#readToEnd(file, signal, deliver);
        if (signal.aborted) break;
        file = await tail.next(file, signal);
      }
    } finally {
      watch.close();
      this.#reason = "stopped";
      // A later run goes on here; what is open then is still acknowledged by its sequence.
      if (this.#file !== undefined) {
        const position = { ...this.#file.identity, offset: this.#doneOffset };
        this.#start = { at: "checkpoint", position, savedAtMs: clock.now() };
        await this.#file.close();
        this.#file = undefined;
      }
    }
  }

  async #startFile(file: ExportFile): Promise<void> {
    const isFirst = this.#file === undefined;
    this.#file = file;
    this.#doneOffset = this.#lines.nextOffset;
    this.#acknowledgements.startFile(file, this.#sequence + 1);
    // From here on a restart begins where this one did, whatever `startAt` says.
    if (isFirst) await this.#checkpointQuietly();
  }

  async #readToEnd(file: ExportFile, signal: AbortSignal, deliver: Deliver): Promise<void> {
    const lines = this.#lines;
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
        const pending = this.#take(deliver);
        if (pending !== undefined) await untilAborted(pending, signal);
      }
      if (lines.tooLong > tooLong) this.#counters.skipped("too_long", lines.tooLong - tooLong);
      if (this.#doneOffset !== lines.nextOffset) {
        this.#doneOffset = lines.nextOffset;
        this.#moved();
      }
      // Less than there was room for: that was the end, and if it was not, `next` will notice.
      if (!file.isCompressed && count < room) break;
    }
    if (file.path === this.#options.path && !signal.aborted) this.#acknowledgements.caughtUp(this.#sequence);
  }

  async #read(file: ExportFile, at: number): Promise<number> {
    const { bytes } = this.#lines;
    try {
      return await file.read(bytes, at, bytes.length - at);
    } catch (error) {
      if (!file.isCompressed || !isDamage(error)) throw error;
      this.#options.logger.warn("compressed event file is damaged, its rest is left out", { path: file.path, error });
      this.#counters.skipped("malformed");
      return 0;
    }
  }

  /** Handles the current line. @returns a promise when the consumer wants the reader to wait. */
  #take(deliver: Deliver): void | Promise<void> {
    const { bytes, lineStart, lineEnd, nextOffset } = this.#lines;
    const now = this.#options.clock.now();
    const offset = nextOffset - 1 - (lineEnd - lineStart);
    this.#doneOffset = nextOffset;
    let outcome = this.#decoder.decode(bytes, lineStart, lineEnd, this.#sequence + 1, now);
    if (outcome === "malformed") {
      const second = this.#decoder.findSecondStart(bytes, lineStart, lineEnd);
      this.#counters.skipped(second < 0 ? "malformed" : "partial");
      if (second < 0) return;
      outcome = this.#decoder.decode(bytes, second, lineEnd, this.#sequence + 1, now);
    }
    // Nothing is read meanwhile, so the line stays where it is.
    if (outcome === "unprepared") return this.#decoder.prepare().then(() => this.#take(deliver));
    return typeof outcome === "string" ? this.#count(outcome, now) : this.#deliver(outcome, offset, deliver, now);
  }

  #count(outcome: Exclude<DecodeOutcome, RuntimeEvent | "unprepared">, now: number): void {
    if (outcome === "skipped") this.#counters.event(this.#decoder.skippedKind, now);
    else if (outcome === "unknown") this.#counters.unknown(this.#decoder.unknownMember);
    else this.#counters.skipped(outcome);
  }

  #deliver(event: RuntimeEvent, offset: number, deliver: Deliver, now: number): void | Promise<void> {
    this.#counters.event(event.kind, now);
    if (event.kind === "rateLimit") this.#rateLimited(event.droppedEvents, now);
    else this.#watchRestarts(event);
    if (event.kind === "throttle") this.#throttles.observed(event, now);
    // Read for what it says about losses only.
    if (this.#options.kinds?.has(event.kind) === false) return;
    this.#sequence = event.sequence;
    this.#acknowledgements.delivered(event.sequence, offset);
    return deliver(event);
  }

  #watchRestarts(event: RuntimeEvent): void {
    const interval = this.#restarts.observed(event);
    if (interval === undefined) return;
    // Told a second time, more exactly.
    if (this.#blindIntervals.at(-1)?.fromMs === interval.fromMs) this.#blindIntervals.pop();
    this.#blind(interval);
  }

  #rateLimited(count: number, now: number): void {
    this.#counters.dropped(count);
    this.#blind({ fromMs: now, untilMs: now, reason: `Tetragon left out ${count} events (export rate limit)` });
  }

  #changed(change: TailChange): void {
    const { logger, path, clock } = this.#options;
    this.#changes.add(1, { change });
    if (change !== "lost") {
      logger.debug("event file changed", { path, change });
      return;
    }
    const fromMs = this.#start.at === "checkpoint" ? this.#start.savedAtMs : clock.now();
    const reason = "the file that was being read was rotated away before it was read to its end";
    logger.warn(reason, { path });
    this.#blind({ fromMs, untilMs: clock.now(), reason });
  }

  #blind(interval: BlindInterval): void {
    this.#blindIntervals.push(interval);
    if (this.#blindIntervals.length > maxBlindIntervals) this.#blindIntervals.shift();
  }

  #waiting(reason: string | undefined): void {
    const next = reason ?? "";
    if (next === this.#reason) return;
    this.#reason = next;
    const { logger, path } = this.#options;
    if (next === "") {
      logger.info("reading events", { path });
      return;
    }
    logger.warn("waiting for the event file", { path, reason: next });
    // A restart must not take a file that appears from now on for one whose content is old.
    if (this.#file === undefined) void this.#checkpointQuietly();
  }

  /** The mark may have moved: a checkpoint follows, soon, once. */
  #moved(): void {
    if (this.#writer === undefined || this.#timer !== undefined || this.#stop.signal.aborted) return;
    this.#timer = this.#options.clock.startTimer(() => {
      this.#timer = undefined;
      void this.#checkpointQuietly();
    }, this.#options.checkpointIntervalMs);
    this.#timer.unref();
  }

  async #checkpointQuietly(): Promise<void> {
    try {
      await this.checkpoint();
    } catch (error) {
      // Reading goes on: the price is events that come again after a restart.
      this.#options.logger.warn((error as Error).message, { code: (error as { code?: unknown }).code });
    }
  }

  #takeCheckpoint(): Checkpoint {
    const mark = this.#acknowledgements.mark(this.#doneOffset);
    // Before the first file of this run was opened, the former run's position is still the one to keep.
    const former = this.#start.at === "checkpoint" ? this.#start.position : undefined;
    return { savedAtMs: this.#options.clock.now(), position: mark.position ?? former, confirmed: mark.confirmed };
  }
}

function startPlace(options: ResolvedOptions, checkpoint: Checkpoint | undefined): StartPlace {
  if (checkpoint !== undefined) {
    return { at: "checkpoint", position: checkpoint.position, savedAtMs: checkpoint.savedAtMs };
  }
  return { at: options.startAt === "checkpoint-or-end" ? "end" : "beginning" };
}

/** Waits for the consumer, but not beyond the end of the run; a consumer that fails ends the run. */
function untilAborted(pending: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve();
    // The consumer itself may have ended the run.
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    pending.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
