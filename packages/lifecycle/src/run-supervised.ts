import type { Backoff } from "./backoff.ts";
import { systemClock, type Clock } from "./clock.ts";
import { sleep } from "./sleep.ts";

/**
 * What {@link runSupervised} runs, and what it does when that fails.
 *
 * @public
 */
export interface SupervisedOptions {
  /** For the reports: which loop this is. */
  readonly name: string;
  /** The work; lives until its signal fires, or returns when there is nothing left to do. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Delay between a failure and the next start. */
  readonly backoff: Backoff;
  /** @defaultValue the system's clock */
  readonly clock?: Clock;
  /** Called once per failure, before the wait; must not throw. */
  readonly onCrash: (error: unknown, delayMs: number, name: string) => void;
  /** True for failures that no restart mends; they reject the call. @defaultValue none is */
  readonly isFatal?: (error: unknown) => boolean;
  /** A run that lived this long counts as a success and starts the back-off over, milliseconds. @defaultValue 60000 */
  readonly resetAfterMs?: number;
}

/**
 * Runs a loop and starts it again when it fails.
 *
 * Resolves when `run` returns or the signal fires: whatever `run` throws after the signal counts as part of stopping.
 *
 * @throws the error for which `isFatal` is true, unchanged.
 *
 * @public
 */
export async function runSupervised(options: SupervisedOptions): Promise<void> {
  const { name, run, signal, backoff, clock = systemClock, onCrash, isFatal, resetAfterMs = 60_000 } = options;
  while (!signal.aborted) {
    const startedMs = clock.monotonicMs();
    try {
      await run(signal);
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (isFatal?.(error) === true) throw error;
      if (clock.monotonicMs() - startedMs >= resetAfterMs) backoff.reset();
      const delayMs = backoff.nextDelayMs();
      onCrash(error, delayMs, name);
      // The only way for this sleep to fail is the signal, and that ends the loop.
      await sleep(delayMs, { signal, clock }).catch(() => {});
    }
  }
}
