/**
 * The promise, or the signal's reason when that fires first. The work behind the promise is not interrupted, but it can hold nobody up for ever;
 * how it ends later goes unnoticed.
 *
 * @param signal - without one, the promise itself.
 *
 * @public
 */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    // Both outcomes are handled here also after an abort, so a late failure is never unhandled.
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/**
 * Resolves when the signal fires, at once when it has.
 *
 * @public
 */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
