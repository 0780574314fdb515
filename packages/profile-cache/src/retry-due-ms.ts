import type { ResolvedProfileCacheOptions } from "./profile-cache-options.ts";
import { AT_NEXT_TICK } from "./source-object.ts";

/** Retries are due at whole multiples of this, so that thousands of them share a few timers. */
const RETRY_GRID_MS = 500;

/**
 * When an object that is awaited is asked for again, monotonic milliseconds: after ever longer waits, half of each random, and in the end with
 * the ticks.
 *
 * @param attempt - how many attempts in a row brought nothing.
 *
 * @internal
 */
export function retryDueMs(
  attempt: number,
  nowMs: number,
  options: Pick<ResolvedProfileCacheOptions, "retryInitialMs" | "tickIntervalMs" | "random">,
): number {
  const { retryInitialMs, tickIntervalMs, random } = options;
  const ceilingMs = retryInitialMs * 2 ** Math.min(attempt, 30);
  if (ceilingMs >= tickIntervalMs) return AT_NEXT_TICK;
  return Math.ceil((nowMs + ceilingMs * (1 - 0.5 * random())) / RETRY_GRID_MS) * RETRY_GRID_MS;
}
