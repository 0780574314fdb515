// Hot path: `#readToEnd` runs once per chunk, and its inner loop once per line.
import { createError } from "@kinglet/errors";
import { untilAborted, type ClockTimer } from "@kinglet/lifecycle";
import type { Counter } from "@kinglet/metrics";
import { BlindTimes } from "./blind-times.ts";
import { CheckpointWriter } from "./checkpoint-writer.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { runtimeEventsErrors } from "./errors.ts";
import type { ExportFile } from "./export-file.ts";
import { ExportTail, isDamage, type StartPlace, type TailChange } from "./export-tail.ts";
import type { FollowedFile, LineTaker } from "./file-follower-options.ts";
import { FolderWatch } from "./folder-watch.ts";
import { LineBuffer } from "./line-buffer.ts";
import { checkpoints, fileChanges } from "./metrics.ts";
import type { SourceHealth } from "./source-health.ts";

/** A look at the file that nothing announced: only for file systems that lose notifications, so it may be rare. */
const slowPollMs = 300_000;
/** Between renaming a file and making the next one its writer writes nothing; longer than this is no rotation. */
const rotationMs = 5_000;

/**
 * Reads a file that somebody else writes, through its rotations and our restarts, line by line; keeps the place, and knows when it could not read.
 *
 * @internal
 */
export class FileFollower {
  /** Everything before, in the current file, need not be read again but for what `mark` says. */
  doneOffset = 0;
  readonly blind: BlindTimes = new BlindTimes();
  readonly #settings: FollowedFile;
  readonly #taker: LineTaker;
  readonly #lines: LineBuffer;
  readonly #writer: CheckpointWriter | undefined;
  readonly #outcomes: Counter<"outcome">;
  readonly #changes: Counter<"change">;
  readonly #stop: AbortController = new AbortController();
  #start: StartPlace;
  #file: ExportFile | undefined;
  #running: Promise<void> | undefined;
  #reason = "not started";
  #timer: ClockTimer | undefined;
  #watchingSinceMs: number | undefined;
  /** What is lost of the current file was written after this. */
  #caughtUpAtMs = 0;

  constructor(settings: FollowedFile, checkpoint: Checkpoint | undefined, taker: LineTaker) {
    this.#settings = settings;
    this.#taker = taker;
    const { checkpointPath, metrics, startAt } = settings;
    this.#lines = new LineBuffer(settings.maxLineBytes);
    this.#outcomes = metrics.counter(checkpoints);
    this.#changes = metrics.counter(fileChanges);
    this.#writer =
      checkpointPath === undefined ? undefined : new CheckpointWriter(checkpointPath, () => this.#takeCheckpoint());
    this.#watchingSinceMs = checkpoint?.savedAtMs;
    this.#start =
      checkpoint === undefined
        ? { at: startAt === "checkpoint-or-end" ? "end" : "beginning" }
        : { at: "checkpoint", position: checkpoint.position, savedAtMs: checkpoint.savedAtMs };
  }

  /** What of the health of a source is about its file. */
  health(): Pick<SourceHealth, "connected" | "reason" | "watchingSinceMs" | "blindIntervals" | "position"> {
    const file = this.#file;
    return {
      connected: this.#reason === "",
      reason: this.#reason,
      watchingSinceMs: this.#watchingSinceMs,
      blindIntervals: this.blind.list(this.#settings.clock.now()),
      position: file === undefined ? undefined : { path: file.path, inode: file.inode, readOffset: this.doneOffset },
    };
  }

  /**
   * Reads until the signal fires.
   *
   * @param around - may do something before and after; it must call what it is given.
   * @throws KINGLET_ERR_RUNTIME_EVENTS_RUNNING, whatever a line's handler throws, and faults that waiting cannot mend.
   */
  async run(
    outer: AbortSignal,
    around: (signal: AbortSignal, read: () => Promise<void>) => Promise<void> = (_, read) => read(),
  ): Promise<void> {
    if (this.#running !== undefined || this.#stop.signal.aborted) {
      throw createError(runtimeEventsErrors, "KINGLET_ERR_RUNTIME_EVENTS_RUNNING", { path: this.#settings.path });
    }
    const signal = AbortSignal.any([outer, this.#stop.signal]);
    this.#running = around(signal, () => this.#read(signal));
    try {
      await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  /** The mark may have moved: a checkpoint follows, soon, once. */
  moved(): void {
    if (this.#writer === undefined || this.#timer !== undefined || this.#stop.signal.aborted) return;
    this.#timer = this.#settings.clock.startTimer(() => {
      this.#timer = undefined;
      void this.#checkpointQuietly();
    }, this.#settings.checkpointIntervalMs);
    this.#timer.unref();
  }

  /**
   * Persists the mark now; without a place to keep it does nothing.
   *
   * @throws KINGLET_ERR_RUNTIME_EVENTS_CHECKPOINT_UNWRITABLE
   */
  async checkpoint(): Promise<void> {
    if (this.#writer === undefined) return;
    try {
      await this.#writer.write();
    } catch (error) {
      this.#outcomes.add(1, { outcome: "failed" });
      throw error;
    }
    this.#outcomes.add(1, { outcome: "written" });
  }

  /** Ends the run and persists the mark once more. */
  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    await this.#running?.catch(() => {
      // Whoever called `run` hears of it.
    });
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#checkpointQuietly();
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { path, clock, pollIntervalMs, logger } = this.#settings;
    const { noun, listRotated, skipped, atEnd } = this.#taker;
    const watch = new FolderWatch({
      path,
      clock,
      pollIntervalMs,
      slowPollMs,
      onUnavailable: (reason) => logger.warn(`cannot watch the folder of the ${noun}, polling`, { path, reason }),
    });
    const tail = new ExportTail({
      path,
      listRotated,
      watch,
      lines: this.#lines,
      onChange: (change) => this.#changed(change),
      onLost: (fromMs, untilMs) => this.#lost(fromMs, untilMs),
      onPartialLine: () => skipped("partial", 1),
      onCaughtUp: () => (this.#caughtUpAtMs = clock.now()),
      onWaiting: (reason, sinceMs, isRotation) => this.#waiting(reason, sinceMs, isRotation),
    });
    try {
      let file = await tail.start(this.#start, signal);
      while (file !== undefined) {
        if (file !== this.#file) await this.#startFile(file);
        await this.#readToEnd(file, signal);
        if (signal.aborted) break;
        atEnd?.(file);
        file = await tail.next(file, signal);
      }
    } finally {
      watch.close();
      this.#reason = "stopped";
      // A later run goes on here; what is open then is still acknowledged by its sequence.
      if (this.#file !== undefined) {
        const position = { ...this.#file.identity, offset: this.doneOffset };
        this.#start = { at: "checkpoint", position, savedAtMs: clock.now() };
        await this.#file.close();
        this.#file = undefined;
      }
    }
  }

  async #startFile(file: ExportFile): Promise<void> {
    const isFirst = this.#file === undefined;
    const now = this.#settings.clock.now();
    const isBeginning = this.#start.at === "beginning";
    // A compressed file was made after what it holds was written: then it is less long than it might be.
    this.#watchingSinceMs ??= isBeginning && file.bornMs > 0 ? Math.min(file.bornMs, now) : now;
    const beganMs = this.#start.at === "checkpoint" ? this.#start.savedAtMs : isBeginning ? this.#watchingSinceMs : now;
    this.#caughtUpAtMs = this.#file?.modifiedMs ?? beganMs;
    this.#file = file;
    this.doneOffset = this.#lines.nextOffset;
    this.#taker.startFile?.(file);
    // From here on a restart begins where this one did, whatever `startAt` says.
    if (isFirst) await this.#checkpointQuietly();
  }

  async #readToEnd(file: ExportFile, signal: AbortSignal): Promise<void> {
    const lines = this.#lines;
    const { beforeReading, take, skipped } = this.#taker;
    const earlier = beforeReading?.();
    if (earlier !== undefined) await untilDone(earlier, signal);
    while (!signal.aborted) {
      const tooLong = lines.tooLong;
      const at = lines.makeRoom();
      const room = lines.bytes.length - at;
      const now = this.#settings.clock.now();
      const count = await this.#readChunk(file, at);
      if (count === 0) break;
      lines.added(count);
      if (count < room) this.#caughtUpAtMs = now;
      // Needed before the first line: places in this file are told from others by it.
      if (file.firstLine === "") file.firstLine = await file.currentFirstLine();
      while (!signal.aborted && lines.next()) {
        const pending = take(lines);
        if (pending !== undefined) await untilDone(pending, signal);
      }
      if (lines.tooLong > tooLong) skipped("too_long", lines.tooLong - tooLong);
      if (signal.aborted) return;
      this.doneOffset = lines.nextOffset;
      this.moved();
      // Less than there was room for: that was the end, and if it was not, `next` will notice.
      if (!file.isCompressed && count < room) break;
    }
  }

  async #readChunk(file: ExportFile, at: number): Promise<number> {
    const { bytes } = this.#lines;
    try {
      return await file.read(bytes, at, bytes.length - at);
    } catch (error) {
      if (!file.isCompressed || !isDamage(error)) throw error;
      const { noun, skipped } = this.#taker;
      this.#settings.logger.warn(`compressed ${noun} is damaged, its rest is left out`, { path: file.path, error });
      skipped("malformed", 1);
      this.#blind(this.#caughtUpAtMs, file.modifiedMs, "the rest of a damaged file could not be read");
      return 0;
    }
  }

  #changed(change: TailChange): void {
    const { logger, path, clock } = this.#settings;
    this.#changes.add(1, { change });
    logger.debug(`${this.#taker.noun} changed`, { path, change });
    // What was written behind the last look went with the rest.
    if (change === "truncated")
      this.#blind(this.#caughtUpAtMs, clock.now(), "the file that was being read was truncated");
  }

  #lost(fromMs: number, bornMs: number): void {
    const { logger, path, clock } = this.#settings;
    this.#changes.add(1, { change: "lost" });
    // A reader that was far behind lost what was written before it noted its place.
    const untilMs = Math.max(bornMs === 0 ? clock.now() : bornMs, fromMs + 1);
    const reason = "the file that was being read was rotated away before it was read to its end";
    this.#blind(fromMs, untilMs, reason);
    logger.warn(reason, { path, from: new Date(fromMs).toISOString(), until: new Date(untilMs).toISOString() });
  }

  #blind(fromMs: number, untilMs: number, reason: string): void {
    this.blind.record({ fromMs, untilMs: Math.max(untilMs, fromMs), reason });
  }

  #waiting(reason = "", sinceMs = this.#settings.clock.now(), isRotation = false): void {
    const { logger, path, clock } = this.#settings;
    if (reason === "") this.blind.end(clock.now());
    else {
      this.#watchingSinceMs ??= sinceMs;
      this.blind.begin(sinceMs, reason, isRotation ? rotationMs : 0);
    }
    if (reason === this.#reason) return;
    this.#reason = reason;
    if (reason === "") {
      logger.info(`reading the ${this.#taker.noun}`, { path });
      return;
    }
    logger.warn(`waiting for the ${this.#taker.noun}`, { path, reason });
    // A restart must not take a file that appears from now on for one whose content is old.
    if (this.#file === undefined) void this.#checkpointQuietly();
  }

  async #checkpointQuietly(): Promise<void> {
    try {
      await this.checkpoint();
    } catch (error) {
      // Reading goes on: the price is what comes again after a restart.
      this.#settings.logger.warn((error as Error).message, { code: (error as { code?: unknown }).code });
    }
  }

  #takeCheckpoint(): Checkpoint {
    const mark = this.#taker.mark(this.#file, this.doneOffset);
    // Before the first file of this run was opened, the former run's position is still the one to keep.
    const former = this.#start.at === "checkpoint" ? this.#start.position : undefined;
    return { savedAtMs: this.#settings.clock.now(), position: mark.position ?? former, confirmed: mark.confirmed };
  }
}

/** Waits for the consumer, but not beyond the end of the run; a consumer that fails ends the run. @internal */
export async function untilDone(pending: Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await untilAborted(pending, signal);
  } catch (error) {
    // The consumer itself may have ended the run.
    if (!signal.aborted) throw error;
  }
}
