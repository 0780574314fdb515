import { withTimeout, type Clock } from "@kinglet/lifecycle";

/**
 * Until when a review has to be answered.
 *
 * @public
 */
export interface ReviewDeadline {
  /** Milliseconds that are left; negative when it is over. */
  remainingMs(): number;
  /** Fires when the time is up. Made at the first use: most reviews are decided without waiting for anything. */
  readonly signal: AbortSignal;
}

/** What stays unused of the caller's time: the answer has to travel, milliseconds. */
const marginMs = 250;
/** Below a second a share of the time stays unused instead. */
const shareUsed = 0.75;

/**
 * How long a review may take, of the time that its caller waits: all but 250 ms, and three quarters where that is less than a second.
 *
 * @internal
 */
export function usableMs(timeoutMs: number): number {
  return timeoutMs >= 1000 ? timeoutMs - marginMs : timeoutMs * shareUsed;
}

/**
 * The time that the caller says it waits (`?timeout=5s` of the URL), milliseconds: 1 to 30 s, else `fallbackMs`.
 *
 * @internal
 */
export function callerTimeoutMs(query: string, fallbackMs: number): number {
  const found = /(?:^|&)timeout=(\d{1,6}(?:\.\d{1,9})?)(ms|s|m)(?:&|$)/.exec(query);
  if (found === null) return fallbackMs;
  const scale = found[2] === "ms" ? 1 : found[2] === "s" ? 1000 : 60_000;
  const timeoutMs = Number(found[1]) * scale;
  return timeoutMs > 0 ? Math.min(timeoutMs, 30_000) : fallbackMs;
}

/**
 * @param atMs - on the monotonic clock.
 *
 * @internal
 */
export class Deadline implements ReviewDeadline, Disposable {
  readonly #atMs: number;
  readonly #clock: Clock;
  #signal: (AbortSignal & Disposable) | undefined;

  constructor(atMs: number, clock: Clock) {
    this.#atMs = atMs;
    this.#clock = clock;
  }

  get signal(): AbortSignal {
    this.#signal ??= withTimeout(Math.max(0, this.remainingMs()), { clock: this.#clock, name: "the review" });
    return this.#signal;
  }

  remainingMs(): number {
    return this.#atMs - this.#clock.monotonicMs();
  }

  [Symbol.dispose](): void {
    this.#signal?.[Symbol.dispose]();
  }
}
