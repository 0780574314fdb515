import { systemClock, type Clock } from "./clock.ts";

/**
 * Waits.
 *
 * @param ms - how long, milliseconds, 0 … 2^31-1.
 * @param options - `signal`: aborts the wait at once, also when it fired before the call; `clock`: default the system's.
 * @throws the signal's reason when it fires; the timer is gone by then.
 *
 * @public
 */
export function sleep(
  ms: number,
  options: { readonly signal?: AbortSignal; readonly clock?: Clock } = {},
): Promise<void> {
  const { signal, clock = systemClock } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = clock.startTimer(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
