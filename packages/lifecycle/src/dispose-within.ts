import { systemClock, type Clock } from "./clock.ts";
import { untilAborted } from "./until-aborted.ts";
import { withTimeout } from "./with-timeout.ts";

/**
 * Disposes what is owned, and stops waiting when it takes too long.
 *
 * Meant for an `AsyncDisposableStack`: everything opened during start-up is released in reverse order, in bounded time.
 * Disposal that is late goes on in the background; its own late failure is then no longer reported.
 *
 * @param owned - usually a stack; disposing it twice must be harmless.
 * @param timeoutMs - how long to wait, 0 … 2^31-1.
 * @param clock - default the system's.
 * @throws what disposal throws, or `KINGLET_ERR_LIFECYCLE_TIMEOUT`.
 *
 * @public
 */
export async function disposeWithin(
  owned: AsyncDisposable,
  timeoutMs: number,
  clock: Clock = systemClock,
): Promise<void> {
  using deadline = withTimeout(timeoutMs, { clock, name: "shutting down" });
  await untilAborted(Promise.resolve(owned[Symbol.asyncDispose]()), deadline);
}
