import type { Finding } from "@kinglet/enrichment";
import { hasCode } from "@kinglet/errors";
import { BoundedQueue } from "@kinglet/lifecycle";
import type { Counter, Metrics } from "@kinglet/metrics";
import { findings, queuedFindings } from "./metrics.ts";

/**
 * Findings between the listener, which must not wait, and whoever makes alerts of them.
 *
 * Guarantees: first in, first out; a finding is accepted or refused, never dropped afterwards, and delivered when the sensor stops. Not guaranteed: what is queued
 * when the process is killed is lost, for its sender has had its answer.
 *
 * @public
 */
export class FindingQueue implements Disposable {
  readonly #queue: BoundedQueue<Finding>;
  readonly #counter: Counter<"source">;
  readonly #stopCollecting: () => void;

  /** @param options - `maxEntries`: 1 and up, default 2048; a finding has about 1 KB, at most 12. */
  constructor(options: { readonly maxEntries?: number; readonly metrics: Metrics }) {
    this.#queue = new BoundedQueue({ maxEntries: options.maxEntries ?? 2048 });
    this.#counter = options.metrics.counter(findings);
    const gauge = options.metrics.gauge(queuedFindings);
    this.#stopCollecting = options.metrics.onCollect(() => gauge.set(this.#queue.size));
  }

  /** Findings that wait. */
  get size(): number {
    return this.#queue.size;
  }

  /** @returns false when there is no room. */
  offer(finding: Finding): boolean {
    if (!this.#queue.offer(finding)) return false;
    this.#counter.add(1, { source: finding.source });
    return true;
  }

  /**
   * Delivers findings one after another until the signal fires. Then it accepts nothing more, so that senders come again elsewhere or later, delivers
   * what is queued, for its senders have had their answer, and returns normally. While a promise of `deliver` is pending the next one waits; once the signal
   * has fired `deliver` must not wait for long. Runs once.
   *
   * @throws whatever `deliver` throws.
   */
  async run(options: {
    readonly signal: AbortSignal;
    readonly deliver: (finding: Finding) => void | Promise<void>;
  }): Promise<void> {
    const { signal, deliver } = options;
    const close = (): void => this.#queue.close();
    if (signal.aborted) close();
    else signal.addEventListener("abort", close, { once: true });
    try {
      for (;;) {
        const finding = this.#queue.tryTake() ?? (await this.#next());
        if (finding === undefined) return;
        await deliver(finding);
      }
    } finally {
      signal.removeEventListener("abort", close);
    }
  }

  /** Accepts nothing more. */
  [Symbol.dispose](): void {
    this.#queue.close();
    this.#stopCollecting();
  }

  async #next(): Promise<Finding | undefined> {
    try {
      return await this.#queue.take();
    } catch (error) {
      if (hasCode(error, "KINGLET_ERR_LIFECYCLE_STOPPED")) return undefined;
      throw error;
    }
  }
}
