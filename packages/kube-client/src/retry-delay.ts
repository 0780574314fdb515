import type { Clock } from "@kinglet/lifecycle";

const INITIAL_MS = 800;
const MAX_MS = 30_000;
/** Failures further apart than this do not add up. */
const RESET_MS = 120_000;

/**
 * Waits between failures of a list or watch: 800 ms doubling up to 30 s, each lengthened by up to its own length at random so that clients that lost the same server
 * do not come back together; starts over after two minutes without a failure.
 *
 * Same figures as client-go's reflector. Differs from the general back-off of `lifecycle` in that success is not reported to it: a watch that
 * opens and breaks at once over and over is a failure.
 */
export class RetryDelay {
  readonly #clock: Clock;
  readonly #random: () => number;
  #delayMs = INITIAL_MS;
  #lastFailureMs = Number.NEGATIVE_INFINITY;

  /** @param random - 0 ≤ x < 1. */
  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * The delay after one more failure, whole milliseconds.
   *
   * @param options - `atLeastMs`: what the server asked for; `capMs`: raises the cap, for faults that only a person can repair.
   */
  nextMs(options: { readonly atLeastMs?: number; readonly capMs?: number } = {}): number {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lastFailureMs > RESET_MS + this.#delayMs * 2) this.#delayMs = INITIAL_MS;
    this.#lastFailureMs = nowMs;
    const capMs = options.capMs ?? MAX_MS;
    const baseMs = Math.min(this.#delayMs, capMs);
    this.#delayMs = Math.min(this.#delayMs * 2, capMs);
    return Math.round(Math.max(options.atLeastMs ?? 0, baseMs * (1 + this.#random())));
  }
}
