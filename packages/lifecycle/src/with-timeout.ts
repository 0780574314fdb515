import { createError } from "@kinglet/errors";

import { systemClock, type Clock } from "./clock.ts";
import { lifecycleErrors } from "./errors.ts";

/**
 * A signal that fires when the time is up or the given signal fires, whichever is first.
 *
 * Hold it with `using`: disposing takes back the timer and the listener, so that finished work leaves nothing behind.
 *
 * ```ts
 * using deadline = withTimeout(5_000, { signal, clock });
 * await client.get(pods, { signal: deadline });
 * ```
 *
 * @param timeoutMs - 0 … 2^31-1.
 * @param options - `signal`: the caller's; its reason is passed on; `clock`: default the system's; `name`: what takes too long,
 * for the message.
 * @returns a signal whose reason is `KINGLET_ERR_LIFECYCLE_TIMEOUT` when the time was up.
 *
 * @public
 */
export function withTimeout(
  timeoutMs: number,
  options: { readonly signal?: AbortSignal; readonly clock?: Clock; readonly name?: string } = {},
): AbortSignal & Disposable {
  const { signal, clock = systemClock, name = "the operation" } = options;
  const controller = new AbortController();
  const onParentAbort = (): void => finish(signal?.reason);
  const timer = clock.startTimer(() => {
    finish(createError(lifecycleErrors, "KINGLET_ERR_LIFECYCLE_TIMEOUT", { name, timeoutMs }));
  }, timeoutMs);
  const dispose = (): void => {
    timer.cancel();
    signal?.removeEventListener("abort", onParentAbort);
  };
  const finish = (reason: unknown): void => {
    dispose();
    controller.abort(reason);
  };
  if (signal?.aborted === true) onParentAbort();
  else signal?.addEventListener("abort", onParentAbort, { once: true });
  return Object.assign(controller.signal, { [Symbol.dispose]: dispose });
}
