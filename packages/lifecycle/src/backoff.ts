import { assertAtLeast } from "./assert-at-least.ts";

/**
 * How long to wait before the next try, growing with every failure.
 *
 * @public
 */
export interface Backoff {
  /** The next delay, whole milliseconds; counts as one more failure. */
  nextDelayMs(): number;
  /** Start over after a success. */
  reset(): void;
  /** How many delays were handed out since the last reset. */
  readonly attempt: number;
}

/**
 * Exponential back-off with jitter: the n-th delay lies in `[ceiling × (1 − jitter), ceiling]` with
 * `ceiling = min(maxMs, initialMs × factor^n)`, so `maxMs` is never exceeded.
 *
 * @param options - `initialMs` ≥ 1; `maxMs` ≥ `initialMs`; `factor` ≥ 1, default 2; `jitter` 0 … 1, default 0.5: without it, a
 * thousand nodes that lost the same server come back in the same millisecond; `random`: 0 ≤ x < 1, default `Math.random`.
 * @throws `KINGLET_ERR_LIFECYCLE_INVALID_OPTION`
 *
 * @public
 */
export function createBackoff(options: {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor?: number;
  readonly jitter?: number;
  readonly random?: () => number;
}): Backoff {
  const { initialMs, maxMs, factor = 2, jitter = 0.5, random = Math.random } = options;
  assertAtLeast("initialMs", initialMs, 1);
  assertAtLeast("maxMs", maxMs, initialMs);
  assertAtLeast("factor", factor, 1);
  assertAtLeast("jitter", jitter, 0);
  assertAtLeast("1 - jitter", 1 - jitter, 0);
  let attempt = 0;
  let ceilingMs = initialMs;
  return {
    nextDelayMs: () => {
      const delayMs = Math.round(ceilingMs * (1 - jitter * random()));
      ceilingMs = Math.min(maxMs, ceilingMs * factor);
      attempt++;
      return delayMs;
    },
    reset: () => {
      attempt = 0;
      ceilingMs = initialMs;
    },
    get attempt() {
      return attempt;
    },
  };
}
