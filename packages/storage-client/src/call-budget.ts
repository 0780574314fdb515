import { createError, hasCode } from "@kinglet/errors";
import { untilAborted, withTimeout, type Clock } from "@kinglet/lifecycle";

import { storageErrors } from "./errors.ts";

/** What a call is about, for messages. @internal */
export interface CallSubject {
  /** Which store. */
  readonly store: string;
  /** Which object. */
  readonly object: string;
}

/**
 * Runs one call of a store within its budget: ends when the caller's signal fires (with its reason) or the time is up
 * (`KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE`), also when `task` does not listen to the signal it is given.
 *
 * @internal
 */
export async function withinBudget<T>(
  subject: CallSubject,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number; readonly clock: Clock },
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  options.signal.throwIfAborted();
  using deadline = withTimeout(options.timeoutMs, { ...options, name: "the call" });
  try {
    return await untilAborted(task(deadline), deadline);
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    if (!hasCode(error, "KINGLET_ERR_LIFECYCLE_TIMEOUT")) throw error;
    throw createError(
      storageErrors,
      "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE",
      { ...subject, problem: `no answer within ${options.timeoutMs} ms` },
      { cause: error },
    );
  }
}
