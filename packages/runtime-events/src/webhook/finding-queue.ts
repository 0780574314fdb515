import type { Finding } from "@kinglet/enrichment";
import { BoundedQueue } from "@kinglet/lifecycle";
import type { Counter, Metrics } from "@kinglet/metrics";
import { findings, queuedFindings } from "./metrics.ts";

/**
 * Findings between the listener, which must not wait, and whoever makes alerts of them.
 *
 * Guarantees: first in, first out; a finding is accepted or refused, never dropped afterwards. Not guaranteed: what is queued when the process dies
 * is lost, for its sender has had its answer.
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
   * Delivers findings one after another until the signal fires; then returns normally. While a promise of `deliver` is pending the next one waits.
   */
  async run(options: {
    readonly signal: AbortSignal;
    readonly deliver: (finding: Finding) => void | Promise<void>;
  }): Promise<void> {
    const { signal, deliver } = options;
    while (!signal.aborted) {
      let finding: Finding;
      try {
        finding = await this.#queue.take({ signal });
      } catch (error) {
        if (signal.aborted || this.#isClosed) return;
        throw error;
      }
      await deliver(finding);
    }
  }

  #isClosed = false;

  /** Accepts nothing more. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#queue.close();
    this.#stopCollecting();
  }
}
