import type { Alert } from "@kinglet/detection";
import { createBackoff, sleep, untilAborted, withTimeout, type Backoff } from "@kinglet/lifecycle";

import { unwritable } from "../unwritable.ts";
import { WaitList } from "../wait-list.ts";
import { AlertSpool } from "./alert-spool.ts";
import type { Exporter } from "./exporter.ts";
import { LaneQueue, type LaneEntry } from "./lane-queue.ts";
import { isAway, isTimeout, isUnsendable, mayBeTooMany, mayTakeParts, rejectedOf } from "./judge-failure.ts";
import { LossRecord, type LossReason } from "./loss-record.ts";
import { defaultLaneOptions, type LaneContext, type LaneOptions } from "./lane-options.ts";
import { createLaneMetrics, type LaneMetrics } from "./metrics.ts";
import { RateWindow } from "./rate-window.ts";

/** Alerts in memory of those that are on disk. */
const maxTaken = 100;

/** Milliseconds between two reports of losses to one receiver. */
const noticeIntervalMs = 60_000;

/**
 * What lies between the fan-out and one exporter: a bounded queue, batches, repetition, and the record of what was lost.
 *
 * @internal
 */
export class ExporterLane {
  readonly #exporter: Exporter;
  readonly #options: typeof defaultLaneOptions;
  readonly #context: LaneContext;
  readonly #labels: { readonly sink: string };
  readonly #metrics: LaneMetrics;
  /** Of what comes: what is more is withheld. */
  readonly #rate: RateWindow | undefined;
  /** Of what leaves: what waited while the receiver was away must not come all at once. */
  readonly #pace: RateWindow | undefined;
  readonly #backoff: Backoff;
  readonly #arrivals = new WaitList();
  readonly #losses = new LossRecord();
  readonly #spool: AlertSpool | undefined;
  readonly #queue: LaneQueue;
  /** Taken from the queue and not delivered yet; survives an interruption. */
  #batch: readonly LaneEntry[] = [];
  /** Parts of a batch that was refused as a whole, to be sent after `#batch`. */
  #parts: (readonly LaneEntry[])[] = [];
  /** A report of losses that is on its way. */
  #notice: LaneEntry | undefined;
  #isSpooling = true;
  #batchFromMs = 0;
  #nextNoticeMs = 0;
  /** False once it was tried in vain as often as is usual; the metric falls with the first attempt. */
  #isUp = true;
  /** True from a refusal to the next success: a receiver that refuses everything is not told that it missed something. */
  #isRefusing = false;
  #isDraining = false;

  constructor(exporter: Exporter, options: LaneOptions, context: LaneContext) {
    const { maxPerMinute } = options;
    this.#exporter = exporter;
    this.#options = { ...defaultLaneOptions, ...options };
    this.#context = context;
    this.#labels = { sink: exporter.name };
    this.#rate = maxPerMinute === undefined ? undefined : new RateWindow(maxPerMinute, 60_000);
    this.#pace = maxPerMinute === undefined ? undefined : new RateWindow(maxPerMinute, 60_000);
    const { initialBackoffMs: initialMs, maxBackoffMs: maxMs } = this.#options;
    this.#backoff = createBackoff({ initialMs, maxMs, ...(context.random && { random: context.random }) });
    this.#metrics = createLaneMetrics(context.metrics);
    this.#metrics.up.set(1, this.#labels);
    if (context.spool !== undefined) {
      this.#spool = new AlertSpool({
        folder: `${context.spool.folder}/${exporter.name}`,
        maxBytes: context.spool.maxBytes ?? 16_777_216,
        clock: context.clock,
        logger: context.logger,
        onLost: (reason, count) => this.#loseOnDisk(reason, count),
      });
    }
    this.#queue = new LaneQueue({
      maxEntries: this.#options.maxEntries,
      maxTaken: Math.max(maxTaken, exporter.maxBatch),
      spool: this.#spool,
      onOverflow: () => this.#lose("overflow", 1),
      onSpool: (error) => this.#spooled(error),
    });
  }

  /** Alerts not delivered yet. */
  get size(): number {
    const parts = this.#parts.reduce((total, part) => total + part.length, 0);
    return this.#queue.size + this.#batch.length + parts;
  }

  /** With a spool, resolves once the alert is on disk, or in memory when it cannot be written; else at once. Never rejects. */
  offer(alert: Alert): void | Promise<void> {
    const nowMs = this.#context.clock.monotonicMs();
    if (this.#isDraining && this.#spool === undefined) return this.#lose("shutdown", 1);
    if (this.#rate?.take(alert, nowMs) === false) {
      this.#lose("rate_limit", 1);
      // Told when the window is over, with the number then.
      this.#nextNoticeMs = Math.max(this.#nextNoticeMs, this.#rate.endsMs);
      if (this.#losses.total === 1) this.#arrivals.wakeAll();
      return undefined;
    }
    const offered = this.#queue.offer(alert, nowMs);
    if (offered !== undefined) return offered.then(() => this.#arrived());
    return this.#arrived();
  }

  /** What it keeps on disk stays there. */
  async close(): Promise<void> {
    await this.#spool?.close();
  }

  /** Delivers until the signal fires. @throws the signal's reason. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#spool !== undefined) await this.#openSpool(this.#spool);
    for (;;) {
      if (this.#batch.length === 0) {
        await this.#waitForWork(signal);
        this.#takeBatch();
      }
      await this.#deliver(signal);
    }
  }

  /**
   * Delivers what is there, each batch tried until the signal fires; the rest is counted as lost. What is on disk is tried once, and stays there.
   * Not beside {@link ExporterLane.run}.
   */
  async drain(signal: AbortSignal): Promise<void> {
    this.#isDraining = true;
    try {
      while (this.size > 0) {
        await this.#queue.refill();
        if (this.#batch.length === 0) {
          // What is on disk need not break the limit for the sake of the end.
          const isPaced = this.#isPaced(this.#context.clock.monotonicMs());
          if (isPaced && this.#spool !== undefined) throw new Error("as many as permitted have left in this minute");
          this.#takeBatch();
        }
        await this.#deliver(signal);
      }
      if (!this.#mayTell) return;
      // Once: a receiver that refuses it would be asked without end.
      this.#batch = [this.#takeNotice()];
      this.#batchFromMs = this.#context.clock.monotonicMs();
      await this.#deliver(signal);
    } catch (error) {
      if (this.#isTelling) {
        this.#losses.untold();
        this.#batch = [];
        if (this.#losses.state !== undefined) this.#spool?.note(this.#losses.state);
      }
      const { sink } = this.#labels;
      const { logger } = this.#context;
      const lost = this.#inMemoryOnly;
      const kept = this.size - lost;
      if (kept > 0) logger.info("alerts wait on disk for the next start", { sink, alerts: kept, error });
      if (lost === 0) return;
      logger.warn("alerts were not delivered before the end", { sink, alerts: lost, error });
      this.#lose("shutdown", lost);
    }
  }

  #arrived(): void {
    this.#showWaiting();
    this.#arrivals.wakeAll();
  }

  async #openSpool(spool: AlertSpool): Promise<void> {
    try {
      const losses = await spool.open();
      if (losses !== undefined) this.#losses.restore(losses);
    } catch (error) {
      this.#spooled(error);
    }
    this.#showWaiting();
  }

  /** A disk that is full must not hold up detection: what it does not take waits in memory, and that is said. */
  #spooled(error: unknown): void {
    const { logger } = this.#context;
    if (error === undefined) {
      if (!this.#isSpooling) logger.info("alerts can be written to disk again", this.#labels);
      this.#isSpooling = true;
      return;
    }
    this.#metrics.spoolFailures.add(1, this.#labels);
    if (!this.#isSpooling) return;
    this.#isSpooling = false;
    const path = `${this.#context.spool?.folder ?? ""}/${this.#exporter.name}`;
    const coded = unwritable(path, error);
    logger.error("alerts wait in memory only: a crash would lose them", { ...this.#labels, error: coded });
  }

  #loseOnDisk(reason: LossReason, count: number): void {
    if (reason === "overflow") {
      const why = "the disk space for alerts that wait for their receiver is used up, the oldest gave way";
      this.#context.logger.warn(why, { ...this.#labels, alerts: count });
    }
    this.#lose(reason, count);
  }

  #takeNotice(): LaneEntry {
    const nowMs = this.#context.clock.now();
    const alert = this.#losses.takeNotice(this.#exporter.name, nowMs);
    return (this.#notice = { alert, atMs: -Infinity, position: 0 });
  }

  async #waitForWork(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    for (;;) {
      signal.throwIfAborted();
      const refilled = this.#queue.refill();
      if (refilled !== undefined) await refilled;
      const nowMs = clock.monotonicMs();
      const dueMs = this.#dueMs(nowMs);
      if (dueMs <= nowMs) return;
      const arrival = this.#arrivals.wait(signal);
      if (dueMs === Infinity) {
        await arrival;
        continue;
      }
      using pause = withTimeout(dueMs - nowMs, { signal, clock, name: "waiting for more alerts" });
      await untilAborted(arrival, pause).catch(() => signal.throwIfAborted());
    }
  }

  /** Alerts that are nowhere else. */
  get #inMemoryOnly(): number {
    const taken = [...this.#batch, ...this.#parts.flat()];
    return taken.filter(({ position }) => position === 0).length + this.#queue.inMemoryOnly;
  }

  get #isTelling(): boolean {
    return this.#notice !== undefined && this.#batch[0] === this.#notice;
  }

  /** True when there is something to tell a receiver that takes what it is sent. */
  get #mayTell(): boolean {
    return this.#isUp && !this.#isRefusing && this.#losses.total > 0;
  }

  /** When there is something to send. */
  #dueMs(nowMs: number): number {
    const noticeMs = this.#mayTell ? this.#nextNoticeMs : Infinity;
    const { oldest } = this.#queue;
    if (oldest === undefined) return noticeMs;
    const isFull = this.#queue.ready >= this.#exporter.maxBatch;
    const batchMs = isFull ? nowMs : oldest.atMs + this.#options.batchWaitMs;
    const endsMs = this.#isPaced(nowMs) ? (this.#pace?.endsMs ?? nowMs) : nowMs;
    return Math.min(noticeMs, Math.max(batchMs, endsMs));
  }

  /** True when the next alert would exceed what may leave in this minute. */
  #isPaced(nowMs: number): boolean {
    const { oldest } = this.#queue;
    return oldest !== undefined && this.#pace?.admits(oldest.alert, nowMs) === false;
  }

  #takeBatch(): void {
    const nowMs = this.#context.clock.monotonicMs();
    if (this.#mayTell && nowMs >= this.#nextNoticeMs) {
      this.#batch = [this.#takeNotice()];
      this.#nextNoticeMs = nowMs + noticeIntervalMs;
    } else {
      const batch: LaneEntry[] = [];
      // While the process ends there is no time to wait: at least one.
      while (batch.length < this.#exporter.maxBatch && (batch.length === 0 || !this.#isPaced(nowMs))) {
        const [entry] = this.#queue.take(1);
        if (entry === undefined) break;
        this.#pace?.take(entry.alert, nowMs);
        batch.push(entry);
      }
      this.#batch = batch;
    }
    this.#batchFromMs = nowMs;
    this.#showWaiting();
  }

  async #deliver(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    while (this.#batch.length > 0) {
      signal.throwIfAborted();
      try {
        await this.#sendOnce(signal);
      } catch (error) {
        signal.throwIfAborted();
        this.#metrics.failed.add(1, this.#labels);
        if (!(await this.#mayRepeat(error))) continue;
        this.#metrics.up.set(0, this.#labels);
        // What waits on disk waits there for the next start; what is nowhere else is tried while there is time.
        if (this.#isDraining && this.#spool !== undefined && (this.#isTelling || this.#inMemoryOnly === 0)) throw error;
        await sleep(this.#nextDelayMs(error), { signal, clock });
        continue;
      }
      this.#metrics.sent.add(this.#batch.length, this.#labels);
      if (this.#isTelling) this.#losses.told();
      const settled = this.#settle();
      if (settled !== undefined) await settled;
      this.#isRefusing = false;
      this.#backoff.reset();
      this.#metrics.up.set(1, this.#labels);
      this.#setUp(true);
    }
  }

  /** An exporter that ignores its signal must not hold the lane. */
  async #sendOnce(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const name = `exporter ${this.#exporter.name}`;
    using deadline = withTimeout(this.#options.sendTimeoutMs, { signal, clock, name });
    const alerts = this.#batch.map(({ alert }) => alert);
    await untilAborted(this.#exporter.send(alerts, { signal: deadline }), deadline);
  }

  /** The batch is done with, delivered or lost. @returns undefined when that need not be written. */
  #settle(): Promise<void> | undefined {
    const position = this.#batch.reduce((highest, entry) => Math.max(highest, entry.position), 0);
    this.#batch = this.#parts.shift() ?? [];
    this.#showWaiting();
    return this.#spool?.settle(position, this.#losses.state).then(() => this.#showWaiting());
  }

  /** False: the batch was given up, or is sent in parts. */
  async #mayRepeat(error: unknown): Promise<boolean> {
    const { clock, logger } = this.#context;
    const fields = { ...this.#labels, alerts: this.#batch.length, error };
    // Foreign errors are of the network as a rule; only what is known to be final is.
    const isRefused = (error as { readonly retryable?: unknown }).retryable === false && !isTimeout(error);
    const isFinal = isRefused || isUnsendable(error);
    const isLate = clock.monotonicMs() - this.#batchFromMs >= this.#options.giveUpAfterMs;
    // On disk it may wait for a receiver that is away as long as there is room, and nobody else waits behind it in vain.
    const isExpired = isLate && (this.#spool === undefined || !isAway(error));
    if (isFinal && this.#batch.length > 1 && (mayTakeParts(error) || isUnsendable(error))) {
      // One alert that the receiver cannot take, or all of them together, must not cost the others.
      this.#halve();
      logger.debug("alerts were refused, trying them in parts", fields);
      return false;
    }
    if (isFinal || isExpired) {
      logger.error(isFinal ? "alerts were refused" : "alerts could not be delivered and were given up", fields);
      const lost = isFinal ? rejectedOf(error, this.#batch.length) : this.#batch.length;
      // Of a notice nothing is lost: what it told is told by the next one.
      if (this.#isTelling) this.#losses.untold();
      else this.#lose(isFinal ? "rejected" : "expired", lost);
      if (lost < this.#batch.length) this.#metrics.sent.add(this.#batch.length - lost, this.#labels);
      await this.#settle();
      this.#isRefusing = isFinal;
      // A receiver that refuses is told of it after its next success only, else it would be asked in a circle.
      if (isFinal) this.#nextNoticeMs = Math.max(this.#nextNoticeMs, clock.monotonicMs() + noticeIntervalMs);
      return false;
    }
    if (this.#backoff.attempt === this.#options.maxRetries) {
      logger.warn("the receiver of alerts is away; they wait, and it is tried again and again", fields);
      this.#setUp(false);
    } else logger.debug("alerts could not be delivered, trying again", fields);
    // Fewer at once may be taken in time, or pass a gateway that breaks off what is large: else the same batch would fail for ever.
    if (this.#backoff.attempt > this.#options.maxRetries && mayBeTooMany(error)) this.#halve();
    return true;
  }

  #halve(): void {
    if (this.#batch.length < 2) return;
    const middle = this.#batch.length >> 1;
    this.#parts.unshift(this.#batch.slice(middle));
    this.#batch = this.#batch.slice(0, middle);
  }

  #nextDelayMs(error: unknown): number {
    const details = (error as { readonly details?: { readonly retryAfterMs?: unknown } }).details;
    const delayMs = this.#backoff.nextDelayMs();
    return typeof details?.retryAfterMs === "number" ? Math.max(delayMs, details.retryAfterMs) : delayMs;
  }

  #setUp(isUp: boolean): void {
    if (isUp === this.#isUp) return;
    this.#isUp = isUp;
    // What was missed is told at once when the receiver is back, not a minute later.
    if (isUp) this.#nextNoticeMs = 0;
    if (isUp)
      this.#context.logger.info("the receiver of alerts is back", { ...this.#labels, missed: this.#losses.total });
  }

  #lose(reason: LossReason, count: number): void {
    this.#losses.add(reason, count, this.#context.clock.now());
    this.#metrics.lost.add(count, { ...this.#labels, reason });
    if (this.#losses.state !== undefined) this.#spool?.note(this.#losses.state);
  }

  #showWaiting(): void {
    this.#metrics.waiting.set(this.size, this.#labels);
    if (this.#spool !== undefined) this.#metrics.spoolBytes.set(this.#spool.bytes, this.#labels);
  }
}
