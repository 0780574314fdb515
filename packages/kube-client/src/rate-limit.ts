import { sleep, type Clock } from "@kinglet/lifecycle";

/**
 * So many calls per second on average, and so many at once after a pause.
 *
 * @public
 */
export interface CallRate {
  /** More than 0. */
  readonly perSecond: number;
  /** 1 or more. */
  readonly burst: number;
}

/** A token bucket; those who wait go in the order in which they came. No timer while nobody waits. */
export class RateLimit {
  readonly #rate: CallRate;
  readonly #clock: Clock;
  /** When the next call may go, had no burst been saved up; monotonic ms. */
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(rate: CallRate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
  }

  /** Resolves when the call may go. @throws the signal's reason. */
  async take(signal: AbortSignal | undefined): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const gapMs = 1000 / this.#rate.perSecond;
    const earliestMs = nowMs - (this.#rate.burst - 1) * gapMs;
    this.#nextMs = Math.max(this.#nextMs, earliestMs);
    const waitMs = this.#nextMs - nowMs;
    this.#nextMs += gapMs;
    if (waitMs <= 0) return;
    try {
      await sleep(Math.ceil(waitMs), { clock: this.#clock, ...(signal === undefined ? {} : { signal }) });
    } catch (error) {
      // Who comes next has the place of who left.
      this.#nextMs -= gapMs;
      throw error;
    }
  }
}
