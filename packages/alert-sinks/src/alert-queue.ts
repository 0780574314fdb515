import type { Alert, AlertSink } from "@kinglet/detection";
import { createError } from "@kinglet/errors";
import { withTimeout, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";

import { alertQueueErrors } from "./queue-errors.ts";
import {
  confirmationFailures,
  droppedAlerts,
  failedAlerts,
  publishedAlerts,
  publishFailures,
  queuedAlerts,
} from "./metrics.ts";
import { publishWithRetry, type RetryPolicy } from "./publish-with-retry.ts";
import { WaitList } from "./wait-list.ts";

/** @public */
export interface AlertQueueOptions {
  /** At least one. Each alert goes to all of them at the same time. */
  readonly sinks: readonly AlertSink[];
  /** Waiting alerts and the one being delivered, 1 … 2^20. */
  readonly maxEntries: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Called once per alert that at least one sink confirmed; the next alert starts after it settled. */
  onConfirmed(alert: Alert, sequence: number): Promise<void>;
  /**
   * Called once per alert that no sink confirmed after the last attempt. Absent: nothing is called, and the event stays
   * unacknowledged, so that a restart raises the alert again.
   */
  onFailed?(alert: Alert, sequence: number): Promise<void>;
  /** Attempts per sink and alert; where no alert may be given up, Number.MAX_SAFE_INTEGER. @defaultValue 8 */
  readonly maxAttempts?: number;
  /** Milliseconds one attempt may take. @defaultValue 10000 */
  readonly publishTimeoutMs?: number;
  /** First delay between attempts; doubles, with jitter. @defaultValue 200 */
  readonly initialBackoffMs?: number;
  /** Longest delay between attempts. @defaultValue 10000 */
  readonly maxBackoffMs?: number;
  /** 0 ≤ x < 1. @defaultValue Math.random */
  readonly random?: () => number;
}

interface Entry {
  readonly alert: Alert;
  readonly sequence: number;
  /** Sinks that are done with it: a delivery that was interrupted does not repeat them. */
  readonly confirmedBy: Set<AlertSink>;
  readonly failedBy: Set<AlertSink>;
}

const retrying = "an alert could not be delivered, trying again";

/**
 * Between detection and the sinks: bounded, in order, one alert at a time.
 *
 * Guarantees: alerts are delivered in the order of {@link AlertQueue.offer}; the next one starts when the last was confirmed or
 * failed for good and its call-back settled; each accepted alert leads to at most one call-back. A sink that fails is tried again
 * with growing, jittered delays, and given up after `maxAttempts`: it never holds the queue for ever. An alert that is
 * interrupted by the signal stays at the head of the queue.
 *
 * Not guaranteed: that a receiver gets an alert only once (an attempt may time out after it arrived); `uniqueId` tells.
 *
 * @public
 */
export class AlertQueue {
  readonly #options: AlertQueueOptions;
  readonly #policy: RetryPolicy;
  readonly #metrics;
  readonly #room = new WaitList();
  readonly #arrivals = new WaitList();
  readonly #idle = new WaitList();
  #entries: (Entry | undefined)[] = [];
  /** Index of the oldest entry; the slots before it are spent. */
  #head = 0;
  #dropped = 0;
  #isDraining = false;
  #isRunning = false;

  /** @throws KINGLET_ERR_ALERT_SINKS_INVALID_OPTION */
  constructor(options: AlertQueueOptions) {
    if (options.sinks.length === 0) throw invalidOption("sinks", "at least one", 0);
    if (!Number.isInteger(options.maxEntries) || options.maxEntries < 1) {
      throw invalidOption("maxEntries", "a whole number of 1 or more", options.maxEntries);
    }
    const maxAttempts = options.maxAttempts ?? 8;
    if (!Number.isInteger(maxAttempts) || maxAttempts < 1) {
      throw invalidOption("maxAttempts", "a whole number of 1 or more", maxAttempts);
    }
    this.#options = options;
    this.#policy = {
      maxAttempts,
      publishTimeoutMs: options.publishTimeoutMs ?? 10_000,
      initialBackoffMs: options.initialBackoffMs ?? 200,
      maxBackoffMs: options.maxBackoffMs ?? 10_000,
      random: options.random ?? Math.random,
    };
    this.#metrics = {
      queued: options.metrics.gauge(queuedAlerts),
      dropped: options.metrics.counter(droppedAlerts),
      published: options.metrics.counter(publishedAlerts),
      failures: options.metrics.counter(publishFailures),
      failed: options.metrics.counter(failedAlerts),
      confirmationFailures: options.metrics.counter(confirmationFailures),
    };
  }

  /** Alerts that wait or are being delivered; never more than `maxEntries`. */
  get size(): number {
    return this.#entries.length - this.#head;
  }

  /** Alerts refused so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Adds an alert; never waits.
   *
   * @param sequence - of the event that caused it; handed back when the alert is confirmed.
   * @returns false when the queue is full or draining: the alert is counted as dropped and not kept.
   */
  offer(alert: Alert, sequence: number): boolean {
    if (this.#isDraining || this.size >= this.#options.maxEntries) {
      this.#dropped++;
      this.#metrics.dropped.add();
      return false;
    }
    this.#entries.push({ alert, sequence, confirmedBy: new Set(), failedBy: new Set() });
    this.#metrics.queued.set(this.size);
    this.#arrivals.wakeAll();
    return true;
  }

  /**
   * Resolves when the queue has room. With one producer the next {@link AlertQueue.offer} succeeds; with several, the room may be
   * gone again.
   *
   * @throws the signal's reason; KINGLET_ERR_ALERT_SINKS_STOPPED when the queue is draining.
   */
  async waitForRoom(options: { readonly signal: AbortSignal }): Promise<void> {
    for (;;) {
      options.signal.throwIfAborted();
      if (this.#isDraining) throw createError(alertQueueErrors, "KINGLET_ERR_ALERT_SINKS_STOPPED");
      if (this.size < this.#options.maxEntries) return;
      await this.#room.wait(options.signal);
    }
  }

  /**
   * Delivers until the signal fires; call it once. No timer and no work while the queue is empty.
   *
   * @throws the signal's reason.
   */
  async run(options: { readonly signal: AbortSignal }): Promise<void> {
    this.#isRunning = true;
    try {
      for (;;) {
        await this.#deliverAll(options.signal);
        // Checked again without a pause in between: an alert offered meanwhile has already woken nobody.
        if (this.size === 0) await this.#arrivals.wait(options.signal);
      }
    } finally {
      this.#isRunning = false;
      this.#idle.wakeAll();
    }
  }

  /**
   * Refuses new alerts and delivers those it has, as far as the time allows; what is left is logged by number and stays
   * unconfirmed. Waits for {@link AlertQueue.run} when that still runs, else delivers by itself. Never rejects.
   */
  async drain(options: { readonly timeoutMs: number }): Promise<void> {
    this.#isDraining = true;
    this.#room.wakeAll();
    using deadline = withTimeout(options.timeoutMs, { clock: this.#options.clock, name: "draining the alert queue" });
    try {
      while (this.#isRunning && this.size > 0) await this.#idle.wait(deadline);
      await this.#deliverAll(deadline);
    } catch (error) {
      this.#options.logger.warn("alerts were not delivered before the end", { alerts: this.size, error });
    }
  }

  async #deliverAll(signal: AbortSignal): Promise<void> {
    for (;;) {
      const entry = this.#entries[this.#head];
      if (entry === undefined) return;
      await this.#deliver(entry, signal);
      await this.#report(entry);
      this.#removeHead();
    }
  }

  /** Settles when every sink confirmed or failed for good; an interruption waits for all of them to notice. */
  async #deliver(entry: Entry, signal: AbortSignal): Promise<void> {
    const results = await Promise.allSettled(this.#options.sinks.map((sink) => this.#deliverTo(sink, entry, signal)));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  async #deliverTo(sink: AlertSink, entry: Entry, signal: AbortSignal): Promise<void> {
    if (entry.confirmedBy.has(sink) || entry.failedBy.has(sink)) return;
    const labels = { sink: sink.name };
    const isConfirmed = await publishWithRetry(sink, entry.alert, this.#policy, {
      clock: this.#options.clock,
      signal,
      onFailure: (error, attemptsLeft) => {
        this.#metrics.failures.add(1, labels);
        const fields = { sink: sink.name, alert: entry.alert.uniqueId, rule: entry.alert.ruleId, attemptsLeft, error };
        if (attemptsLeft === 0) this.#options.logger.error("an alert could not be delivered", fields);
        // The first failure of an alert is news, the ones after it are not.
        else if (attemptsLeft === this.#policy.maxAttempts - 1) this.#options.logger.warn(retrying, fields);
        else this.#options.logger.debug(retrying, fields);
      },
    });
    (isConfirmed ? entry.confirmedBy : entry.failedBy).add(sink);
    (isConfirmed ? this.#metrics.published : this.#metrics.failed).add(1, labels);
  }

  #removeHead(): void {
    this.#entries[this.#head] = undefined;
    this.#head++;
    // Spent slots are given back when they are the larger half, which keeps removal O(1) amortised.
    if (this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    this.#metrics.queued.set(this.size);
    this.#room.wakeAll();
    if (this.size === 0) this.#idle.wakeAll();
  }

  async #report(entry: Entry): Promise<void> {
    const { alert, sequence } = entry;
    try {
      if (entry.confirmedBy.size > 0) await this.#options.onConfirmed(alert, sequence);
      else await this.#options.onFailed?.(alert, sequence);
    } catch (error) {
      this.#metrics.confirmationFailures.add();
      this.#options.logger.error("the delivery of an alert could not be recorded", { alert: alert.uniqueId, error });
    }
  }
}

function invalidOption(name: string, permitted: string, value: unknown): Error {
  return createError(alertQueueErrors, "KINGLET_ERR_ALERT_SINKS_INVALID_OPTION", { name, permitted, value });
}
