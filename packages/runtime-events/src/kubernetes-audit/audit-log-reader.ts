import type { Finding } from "@kinglet/enrichment";
import { createError } from "@kinglet/errors";
import { untilAborted, type ClockTimer } from "@kinglet/lifecycle";
import type { Counter } from "@kinglet/metrics";
import { CheckpointWriter } from "../checkpoint-writer.ts";
import type { Checkpoint, FilePosition } from "../checkpoint.ts";
import { runtimeEventsErrors } from "../errors.ts";
import type { ExportFile } from "../export-file.ts";
import { listRotated } from "../export-folder.ts";
import { ExportTail, isDamage, type StartPlace, type TailChange } from "../export-tail.ts";
import { FolderWatch } from "../folder-watch.ts";
import { LineBuffer } from "../line-buffer.ts";
import { checkpoints, fileChanges } from "../metrics.ts";
import type { BlindInterval, SourceHealth } from "../source-health.ts";
import { JsonValue } from "../webhook/json-value.ts";
import { eventLimits } from "./create-kubernetes-audit-route.ts";
import type { KubernetesAuditLog, KubernetesAuditLogOptions } from "./kubernetes-audit-log.ts";

/** A look at the file that nothing announced: only for file systems that lose notifications, so it may be rare. */
const slowPollMs = 300_000;
const maxBlindIntervals = 16;

type Deliver = (finding: Finding) => void | Promise<void>;

/** Checked settings. @internal */
export type AuditLogSettings = Required<Omit<KubernetesAuditLogOptions, "checkpointPath">> & {
  readonly checkpointPath: string | undefined;
};

/**
 * See {@link KubernetesAuditLog}; made by `openKubernetesAuditLog`.
 *
 * @internal
 */
export class AuditLogReader implements KubernetesAuditLog {
  readonly #settings: AuditLogSettings;
  readonly #lines: LineBuffer;
  readonly #value: JsonValue = new JsonValue(eventLimits);
  readonly #writer: CheckpointWriter | undefined;
  readonly #checkpointOutcomes: Counter<"outcome">;
  readonly #changes: Counter<"change">;
  readonly #stop: AbortController = new AbortController();
  readonly #blindIntervals: BlindInterval[] = [];
  #start: StartPlace;
  #file: ExportFile | undefined;
  #running: Promise<void> | undefined;
  #reason = "not started";
  #timer: ClockTimer | undefined;
  /** Behind the last line that is done with. */
  #doneOffset = 0;
  #lastEventAtMs: number | undefined;
  #events = 0;
  #unusable = 0;

  constructor(settings: AuditLogSettings, checkpoint: Checkpoint | undefined) {
    const { checkpointPath, metrics, startAt, maxLineBytes } = settings;
    this.#settings = settings;
    this.#lines = new LineBuffer(maxLineBytes);
    this.#checkpointOutcomes = metrics.counter(checkpoints);
    this.#changes = metrics.counter(fileChanges);
    this.#writer =
      checkpointPath === undefined ? undefined : new CheckpointWriter(checkpointPath, () => this.#takeCheckpoint());
    this.#start =
      checkpoint === undefined
        ? { at: startAt === "checkpoint-or-end" ? "end" : "beginning" }
        : { at: "checkpoint", position: checkpoint.position, savedAtMs: checkpoint.savedAtMs };
  }

  async run(options: { readonly signal: AbortSignal; readonly deliver: Deliver }): Promise<void> {
    if (this.#running !== undefined || this.#stop.signal.aborted) {
      throw createError(runtimeEventsErrors, "KINGLET_ERR_RUNTIME_EVENTS_RUNNING", { path: this.#settings.path });
    }
    this.#running = this.#run(AbortSignal.any([options.signal, this.#stop.signal]), options.deliver);
    try {
      await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  health(): SourceHealth {
    const file = this.#file;
    return {
      name: "kubernetes-audit-log",
      connected: this.#reason === "",
      reason: this.#reason,
      lastEventAtMs: this.#lastEventAtMs,
      eventsTotal: this.#events,
      decodeErrors: this.#unusable,
      unknownEvents: 0,
      droppedUpstream: 0,
      isEstimate: false,
      droppedByUs: 0,
      openEvents: 0,
      blindIntervals: [...this.#blindIntervals],
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
    await this.#checkpoint();
  }

  async #run(signal: AbortSignal, deliver: Deliver): Promise<void> {
    const { path, clock, pollIntervalMs, logger } = this.#settings;
    const watch = new FolderWatch({
      path,
      clock,
      pollIntervalMs,
      slowPollMs,
      onUnavailable: (reason) => logger.warn("cannot watch the audit log's folder, polling", { path, reason }),
    });
    const tail = new ExportTail({
      path,
      listRotated,
      watch,
      lines: this.#lines,
      onChange: (change) => this.#changed(change),
      onPartialLine: () => this.#skipped("partial"),
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
      const position = this.#position();
      if (position !== undefined) this.#start = { at: "checkpoint", position, savedAtMs: clock.now() };
      await this.#file?.close();
      this.#file = undefined;
    }
  }

  async #startFile(file: ExportFile): Promise<void> {
    const isFirst = this.#file === undefined;
    this.#file = file;
    this.#doneOffset = this.#lines.nextOffset;
    // From here on a restart begins where this one did, whatever `startAt` says.
    if (isFirst) await this.#checkpoint();
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
      // Needed before the first checkpoint: files are told from one another by it.
      if (file.firstLine === "") file.firstLine = await file.currentFirstLine();
      while (!signal.aborted && lines.next()) {
        const finding = this.#take();
        if (finding !== undefined && !(await this.#delivered(finding, signal, deliver))) return;
        this.#doneOffset = lines.nextOffset;
      }
      if (signal.aborted) return;
      if (lines.tooLong > tooLong) this.#skipped("too-large", lines.tooLong - tooLong);
      this.#doneOffset = lines.nextOffset;
      this.#moved();
      // Less than there was room for: that was the end, and if it was not, `next` will notice.
      if (!file.isCompressed && count < room) break;
    }
  }

  async #read(file: ExportFile, at: number): Promise<number> {
    const { bytes } = this.#lines;
    try {
      return await file.read(bytes, at, bytes.length - at);
    } catch (error) {
      if (!file.isCompressed || !isDamage(error)) throw error;
      this.#settings.logger.warn("compressed audit log is damaged, its rest is left out", { path: file.path, error });
      this.#skipped("unusable");
      return 0;
    }
  }

  /** Judges the current line. */
  #take(): Finding | undefined {
    const { bytes, lineStart, lineEnd } = this.#lines;
    const { intake } = this.#settings;
    if (lineEnd === lineStart) {
      intake.count("blank");
      return undefined;
    }
    const value = this.#value;
    value.reset();
    const end = value.push(bytes, lineStart, lineEnd);
    if (value.outcome !== "whole") {
      this.#skipped(value.outcome);
      return undefined;
    }
    let found: Finding | undefined;
    let event: unknown;
    try {
      // Behind the event there is nothing, but for a carriage return.
      const isAlone = end === lineEnd || (end === lineEnd - 1 && bytes[end] === 0x0d);
      event = isAlone ? JSON.parse(value.text()) : undefined;
    } catch {
      // A line that two writers wrote into, or that was cut: counted below.
      event = undefined;
    }
    const outcome = intake.take(event, (finding) => {
      found = finding;
      return true;
    });
    if (outcome === "unusable") this.#unusable += 1;
    else {
      this.#events += 1;
      this.#lastEventAtMs = this.#settings.clock.now();
    }
    return found;
  }

  /** @returns false when the signal fired first: the line is not done with. */
  async #delivered(finding: Finding, signal: AbortSignal, deliver: Deliver): Promise<boolean> {
    let isDone = false;
    try {
      const pending = deliver(finding);
      if (pending !== undefined) await untilAborted(pending, signal);
      isDone = true;
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    } finally {
      if (!isDone) this.#settings.intake.forget(finding);
    }
  }

  #skipped(outcome: "partial" | "too-large" | "too-deep" | "unusable", times = 1): void {
    this.#unusable += times;
    this.#settings.intake.count(outcome, times);
  }

  #changed(change: TailChange): void {
    const { logger, path, clock } = this.#settings;
    this.#changes.add(1, { change });
    if (change !== "lost") {
      logger.debug("audit log changed", { path, change });
      return;
    }
    const fromMs = this.#start.at === "checkpoint" ? this.#start.savedAtMs : clock.now();
    const reason = "the audit log that was being read was rotated away before it was read to its end";
    logger.warn(reason, { path });
    this.#blindIntervals.push({ fromMs, untilMs: clock.now(), reason });
    if (this.#blindIntervals.length > maxBlindIntervals) this.#blindIntervals.shift();
  }

  #waiting(reason: string | undefined): void {
    const next = reason ?? "";
    if (next === this.#reason) return;
    this.#reason = next;
    const { logger, path } = this.#settings;
    if (next === "") {
      logger.info("reading the audit log", { path });
      return;
    }
    logger.warn("waiting for the audit log", { path, reason: next });
    // A restart must not take a file that appears from now on for one whose content is old.
    if (this.#file === undefined) void this.#checkpoint();
  }

  /** A checkpoint follows, soon, once. */
  #moved(): void {
    if (this.#writer === undefined || this.#timer !== undefined || this.#stop.signal.aborted) return;
    this.#timer = this.#settings.clock.startTimer(() => {
      this.#timer = undefined;
      void this.#checkpoint();
    }, this.#settings.checkpointIntervalMs);
    this.#timer.unref();
  }

  async #checkpoint(): Promise<void> {
    if (this.#writer === undefined) return;
    try {
      await this.#writer.write();
      this.#checkpointOutcomes.add(1, { outcome: "written" });
    } catch (error) {
      this.#checkpointOutcomes.add(1, { outcome: "failed" });
      // Reading goes on: the price is findings that come again after a restart.
      this.#settings.logger.warn((error as Error).message, { code: (error as { code?: unknown }).code });
    }
  }

  #takeCheckpoint(): Checkpoint {
    // Before the first file of this run was opened, the former run's position is still the one to keep.
    const former = this.#start.at === "checkpoint" ? this.#start.position : undefined;
    return { savedAtMs: this.#settings.clock.now(), position: this.#position() ?? former, confirmed: [] };
  }

  #position(): FilePosition | undefined {
    return this.#file === undefined ? undefined : { ...this.#file.identity, offset: this.#doneOffset };
  }
}
