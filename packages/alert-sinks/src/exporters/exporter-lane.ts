import type { Alert } from "@kinglet/detection";
import { createBackoff, sleep, untilAborted, withTimeout, type Backoff, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";

import { WaitList } from "../wait-list.ts";
import type { Exporter } from "./exporter.ts";
import { LossRecord, type LossReason } from "./loss-record.ts";
import { exporterUp, failedSends, lostAlerts, sentAlerts, waitingAlerts } from "./metrics.ts";
import { RateWindow } from "./rate-window.ts";

/** How one exporter is fed. @public */
export interface LaneOptions {
  /** Alerts that wait; beyond it the oldest gives way. @defaultValue 1000 */
  readonly maxEntries?: number;
  /** Milliseconds a first alert waits for others, when the exporter takes several. @defaultValue 0 */
  readonly batchWaitMs?: number;
  /** Repetitions after which the receiver counts as away; it is still tried, every `maxBackoffMs`. @defaultValue 3 */
  readonly maxRetries?: number;
  /** @defaultValue 1000 */
  readonly initialBackoffMs?: number;
  /** @defaultValue 30000 */
  readonly maxBackoffMs?: number;
  /** Milliseconds one attempt may take, whatever the exporter does. @defaultValue 15000 */
  readonly sendTimeoutMs?: number;
  /** Milliseconds after which a batch that cannot be delivered is given up. @defaultValue 3600000 */
  readonly giveUpAfterMs?: number;
  /** Alerts a minute; those beyond are withheld and counted. Absent: no limit. */
  readonly maxPerMinute?: number;
}

/** @internal */
export interface LaneContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly random?: () => number;
}

/** Milliseconds between two reports of losses to one receiver. */
const noticeIntervalMs = 60_000;

/**
 * What lies between the fan-out and one exporter: a bounded queue, batches, repetition, and the record of what was lost.
 *
 * @internal
 */
export class ExporterLane {
  readonly #exporter: Exporter;
  readonly #options: Required<Omit<LaneOptions, "maxPerMinute">>;
  readonly #context: LaneContext;
  readonly #labels: { readonly sink: string };
  readonly #metrics;
  readonly #rate: RateWindow | undefined;
  readonly #backoff: Backoff;
  readonly #arrivals = new WaitList();
  readonly #losses = new LossRecord();
  /** Spent slots before the head are undefined, so that nothing keeps their alerts. */
  #waiting: ({ readonly alert: Alert; readonly atMs: number } | undefined)[] = [];
  #head = 0;
  /** Taken from the queue and not delivered yet; survives an interruption. */
  #batch: readonly Alert[] = [];
  /** Parts of a batch that was refused as a whole, to be sent after `#batch`. */
  #parts: (readonly Alert[])[] = [];
  #batchFromMs = 0;
  #nextNoticeMs = 0;
  #isUp = true;
  /** True from a refusal to the next success: a receiver that refuses everything is not told that it missed something. */
  #isRefusing = false;
  #isDraining = false;

  constructor(exporter: Exporter, options: LaneOptions, context: LaneContext) {
    const { maxPerMinute, ...rest } = options;
    this.#exporter = exporter;
    this.#options = {
      maxEntries: 1000,
      batchWaitMs: 0,
      maxRetries: 3,
      initialBackoffMs: 1000,
      maxBackoffMs: 30_000,
      sendTimeoutMs: 15_000,
      giveUpAfterMs: 3_600_000,
      ...rest,
    };
    this.#context = context;
    this.#labels = { sink: exporter.name };
    this.#rate = maxPerMinute === undefined ? undefined : new RateWindow(maxPerMinute, 60_000);
    const { initialBackoffMs: initialMs, maxBackoffMs: maxMs } = this.#options;
    this.#backoff = createBackoff({ initialMs, maxMs, ...(context.random && { random: context.random }) });
    const { metrics } = context;
    this.#metrics = {
      waiting: metrics.gauge(waitingAlerts),
      sent: metrics.counter(sentAlerts),
      failed: metrics.counter(failedSends),
      lost: metrics.counter(lostAlerts),
      up: metrics.gauge(exporterUp),
    };
    this.#metrics.up.set(1, this.#labels);
  }

  /** Alerts not delivered yet. */
  get size(): number {
    const parts = this.#parts.reduce((total, part) => total + part.length, 0);
    return this.#waiting.length - this.#head + this.#batch.length + parts;
  }

  /** Never waits, never throws. */
  offer(alert: Alert): void {
    const nowMs = this.#context.clock.monotonicMs();
    if (this.#isDraining) return this.#lose("shutdown", 1);
    if (this.#rate?.take(nowMs) === false) {
      this.#lose("rate_limit", 1);
      // Told when the window is over, with the number then.
      this.#nextNoticeMs = Math.max(this.#nextNoticeMs, this.#rate.endsMs);
      if (this.#losses.total === 1) this.#arrivals.wakeAll();
      return;
    }
    if (this.#waiting.length - this.#head >= this.#options.maxEntries) {
      this.#take(1);
      this.#lose("overflow", 1);
    }
    this.#waiting.push({ alert, atMs: nowMs });
    this.#showWaiting();
    this.#arrivals.wakeAll();
  }

  /** Delivers until the signal fires. @throws the signal's reason. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      if (this.#batch.length === 0) {
        await this.#waitForWork(signal);
        this.#takeBatch();
      }
      await this.#deliver(signal);
    }
  }

  /** Delivers what is there, each batch tried until the signal fires; the rest is counted as lost. Not beside {@link ExporterLane.run}. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#isDraining = true;
    try {
      while (this.size > 0) {
        if (this.#batch.length === 0) this.#takeBatch();
        await this.#deliver(signal);
      }
      if (!this.#mayTell) return;
      // Once: a receiver that refuses it would be asked without end.
      this.#batch = [this.#losses.takeNotice(this.#exporter.name, this.#context.clock.now())];
      this.#batchFromMs = this.#context.clock.monotonicMs();
      await this.#deliver(signal);
    } catch (error) {
      const { name } = this.#exporter;
      this.#context.logger.warn("alerts were not delivered before the end", { sink: name, alerts: this.size, error });
      this.#lose("shutdown", this.size);
    }
  }

  async #waitForWork(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    for (;;) {
      signal.throwIfAborted();
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

  /** True when there is something to tell a receiver that takes what it is sent. */
  get #mayTell(): boolean {
    return this.#isUp && !this.#isRefusing && this.#losses.total > 0;
  }

  /** When there is something to send. */
  #dueMs(nowMs: number): number {
    const noticeMs = this.#mayTell ? this.#nextNoticeMs : Infinity;
    const oldest = this.#waiting[this.#head];
    if (oldest === undefined) return noticeMs;
    const isFull = this.#waiting.length - this.#head >= this.#exporter.maxBatch;
    return Math.min(noticeMs, isFull ? nowMs : oldest.atMs + this.#options.batchWaitMs);
  }

  #takeBatch(): void {
    const nowMs = this.#context.clock.monotonicMs();
    if (this.#mayTell && nowMs >= this.#nextNoticeMs) {
      this.#batch = [this.#losses.takeNotice(this.#exporter.name, this.#context.clock.now())];
      this.#nextNoticeMs = nowMs + noticeIntervalMs;
    } else {
      this.#batch = this.#take(this.#exporter.maxBatch);
    }
    this.#batchFromMs = nowMs;
    this.#showWaiting();
  }

  #take(count: number): Alert[] {
    const end = Math.min(this.#head + count, this.#waiting.length);
    const taken: Alert[] = [];
    for (; this.#head < end; this.#head++) {
      const entry = this.#waiting[this.#head];
      if (entry !== undefined) taken.push(entry.alert);
      this.#waiting[this.#head] = undefined;
    }
    // Spent slots go when they are the larger half: removal stays O(1) amortised.
    if (this.#head * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    return taken;
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
        if (!this.#mayRepeat(error)) continue;
        await sleep(this.#nextDelayMs(error), { signal, clock });
        continue;
      }
      this.#metrics.sent.add(this.#batch.length, this.#labels);
      this.#batch = this.#parts.shift() ?? [];
      this.#isRefusing = false;
      this.#backoff.reset();
      this.#setUp(true);
    }
  }

  /** An exporter that ignores its signal must not hold the lane. */
  async #sendOnce(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const name = `exporter ${this.#exporter.name}`;
    using deadline = withTimeout(this.#options.sendTimeoutMs, { signal, clock, name });
    await untilAborted(this.#exporter.send(this.#batch, { signal: deadline }), deadline);
  }

  /** False: the batch was given up, or is sent in parts. */
  #mayRepeat(error: unknown): boolean {
    const { clock, logger } = this.#context;
    const fields = { ...this.#labels, alerts: this.#batch.length, error };
    // Foreign errors are of the network as a rule; only what is known to be final is.
    const isFinal = (error as { readonly retryable?: unknown }).retryable === false && !isTimeout(error);
    const isExpired = clock.monotonicMs() - this.#batchFromMs >= this.#options.giveUpAfterMs;
    if (isFinal && this.#batch.length > 1 && mayTakeParts(error)) {
      // One alert that the receiver cannot take, or all of them together, must not cost the others.
      const middle = this.#batch.length >> 1;
      this.#parts.unshift(this.#batch.slice(middle));
      this.#batch = this.#batch.slice(0, middle);
      logger.debug("alerts were refused, trying them in parts", fields);
      return false;
    }
    if (isFinal || isExpired) {
      logger.error(isFinal ? "alerts were refused" : "alerts could not be delivered and were given up", fields);
      const lost = isFinal ? rejectedOf(error, this.#batch.length) : this.#batch.length;
      this.#lose(isFinal ? "rejected" : "expired", lost);
      if (lost < this.#batch.length) this.#metrics.sent.add(this.#batch.length - lost, this.#labels);
      this.#batch = this.#parts.shift() ?? [];
      this.#isRefusing = isFinal;
      // A receiver that refuses is told of it after its next success only, else it would be asked in a circle.
      if (isFinal) this.#nextNoticeMs = Math.max(this.#nextNoticeMs, clock.monotonicMs() + noticeIntervalMs);
      return false;
    }
    if (this.#backoff.attempt === this.#options.maxRetries) {
      logger.warn("the receiver of alerts is away; they wait, and it is tried again and again", fields);
      this.#setUp(false);
    } else logger.debug("alerts could not be delivered, trying again", fields);
    return true;
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
    this.#metrics.up.set(isUp ? 1 : 0, this.#labels);
    if (isUp)
      this.#context.logger.info("the receiver of alerts is back", { ...this.#labels, missed: this.#losses.total });
  }

  #lose(reason: LossReason, count: number): void {
    this.#losses.add(reason, count, this.#context.clock.now());
    this.#metrics.lost.add(count, { ...this.#labels, reason });
  }

  #showWaiting(): void {
    this.#metrics.waiting.set(this.size, this.#labels);
  }
}

/** Statuses that speak of what was sent, not of who sent it: bad request, too large, not to be processed. */
function mayTakeParts(error: unknown): boolean {
  const status = (error as { readonly details?: { readonly status?: unknown } }).details?.status;
  return status === 400 || status === 413 || status === 422;
}

function isTimeout(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === "KINGLET_ERR_LIFECYCLE_TIMEOUT";
}

/** A receiver may say that it refused only some of the batch. */
function rejectedOf(error: unknown, alerts: number): number {
  const rejected = (error as { readonly details?: { readonly rejected?: unknown } }).details?.rejected;
  return typeof rejected === "number" ? Math.min(Math.max(rejected, 1), alerts) : alerts;
}
