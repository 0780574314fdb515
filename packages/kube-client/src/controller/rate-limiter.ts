import { systemClock, type Clock } from "@kinglet/lifecycle";

/**
 * Says how long a key that failed waits before it is tried again.
 *
 * @public
 */
export interface RateLimiter {
  /** Counts one more failure of the key. @returns milliseconds. */
  delayMs(key: string): number;
  /** How often the key was delayed since it was forgotten. */
  failures(key: string): number;
  /** The key succeeded, or is given up. */
  forget(key: string): void;
}

/** @public */
export interface RateLimiterOptions {
  /** The first delay of a key, doubled by each further failure, milliseconds, > 0. @defaultValue 5 */
  readonly initialMs?: number;
  /** Longest delay of a key, milliseconds. @defaultValue 1_000_000 */
  readonly maxMs?: number;
  /** All keys together: so many retries a second once the burst is used up; `Infinity` switches this half off. @defaultValue 10 */
  readonly perSecond?: number;
  /** @defaultValue 100 */
  readonly burst?: number;
  readonly clock?: Clock;
}

/**
 * The longer of two delays: one that doubles with each failure of the key, and one that holds all keys together to a rate.
 *
 * Remembers one number per key that has failed and was not forgotten: as many as there are keys in a queue.
 *
 * @see kubernetes/client-go `util/workqueue/default_rate_limiters.go` for the figures.
 * @public
 */
export function createRateLimiter(options: RateLimiterOptions = {}): RateLimiter {
  const { initialMs = 5, maxMs = 1_000_000, perSecond = 10, burst = 100, clock = systemClock } = options;
  const failures = new Map<string, number>();
  let tokens = burst;
  let filledMs = clock.monotonicMs();
  const bucketDelayMs = (): number => {
    if (perSecond === Number.POSITIVE_INFINITY) return 0;
    const nowMs = clock.monotonicMs();
    tokens = Math.min(burst, tokens + ((nowMs - filledMs) * perSecond) / 1000);
    filledMs = nowMs;
    // Below zero: places in the future that are taken.
    tokens -= 1;
    return tokens >= 0 ? 0 : (-tokens * 1000) / perSecond;
  };
  return {
    delayMs: (key) => {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      return Math.max(Math.min(initialMs * 2 ** count, maxMs), bucketDelayMs());
    },
    failures: (key) => failures.get(key) ?? 0,
    forget: (key) => void failures.delete(key),
  };
}
