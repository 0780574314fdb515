import { systemClock, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import { gcPauseDefinition, gcRateDefinition, gcRunsDefinition } from "./gc-metrics.ts";
import { loadPerformanceObserver } from "./lazy.ts";

/** Node's numbers of the kinds (`perf_hooks.constants.NODE_PERFORMANCE_GC_*`). */
const kinds: Readonly<Record<number, string>> = { 1: "minor", 4: "major", 8: "incremental", 16: "weak" };
const windowMs = 60_000;

/**
 * Counts garbage collections. Tells the caller of {@link GcStatistics.record} nothing; feeds metrics and one warning a minute at most.
 *
 * @internal
 */
export class GcStatistics {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #warnPerMinute: number;
  readonly #record: (kind: string, seconds: number) => void;
  #windowStartMs: number;
  #majorInWindow = 0;
  #lastRate = 0;

  constructor(options: { metrics: Metrics; logger: Logger; clock: Clock; warnPerMinute: number }) {
    const { metrics, logger, clock, warnPerMinute } = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#warnPerMinute = warnPerMinute;
    this.#windowStartMs = clock.monotonicMs();
    const runs = metrics.counter(gcRunsDefinition);
    const pauses = metrics.histogram(gcPauseDefinition);
    const rate = metrics.gauge(gcRateDefinition);
    metrics.onCollect(() => {
      this.#roll();
      rate.set(this.#lastRate);
    });
    this.#record = (kind, seconds) => {
      const labels = { kind };
      runs.add(1, labels);
      pauses.observe(seconds, labels);
    };
  }

  record(kind: number, durationMs: number): void {
    this.#roll();
    if (kind === 4) this.#majorInWindow++;
    this.#record(kinds[kind] ?? "other", durationMs / 1000);
  }

  /** Windows end when something looks at them: a timer would wake an idle process to count nothing. */
  #roll(): void {
    const elapsedMs = this.#clock.monotonicMs() - this.#windowStartMs;
    if (elapsedMs < windowMs) return;
    this.#lastRate = (this.#majorInWindow * windowMs) / elapsedMs;
    if (this.#lastRate > this.#warnPerMinute) {
      this.#logger.warn("garbage collection runs often, the memory limit is near the live heap", {
        runsPerMinute: Math.round(this.#lastRate),
        warnPerMinute: this.#warnPerMinute,
      });
    }
    this.#windowStartMs += elapsedMs;
    this.#majorInWindow = 0;
  }
}

/**
 * Watches garbage collection: runs and pauses as metrics, and a warning when collections of the whole heap exceed `warnPerMinute` (30),
 * which says that the container limit is below 1.3 × the live heap.
 *
 * Collections of young objects are counted but do not warn: with a semi space of 2 MiB they are frequent and cost microseconds.
 *
 * Cost: 125 KB of heap for Node's observer; no timer; one call-back per collection.
 *
 * @returns stops watching when disposed.
 *
 * @public
 */
export async function observeGc(options: {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly warnPerMinute?: number;
}): Promise<Disposable> {
  const { metrics, logger, clock = systemClock, warnPerMinute = 30 } = options;
  const { PerformanceObserver } = await loadPerformanceObserver();
  const statistics = new GcStatistics({ metrics, logger, clock, warnPerMinute });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as typeof entry & { readonly detail?: { readonly kind?: number } };
      statistics.record(detail?.kind ?? 0, entry.duration);
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  return { [Symbol.dispose]: () => observer.disconnect() };
}
