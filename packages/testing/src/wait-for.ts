import { setTimeout as delay } from "node:timers/promises";

/**
 * Polls until the predicate gives something other than undefined, null or false, and returns that.
 *
 * For outcomes of other processes and sockets; time inside the code under test belongs to an injected clock.
 *
 * @param options - `timeoutMs`: default 10,000; `intervalMs`: default 10; `describe`: what is waited for, said by the error,
 * may be a function for a state only known at the end.
 * @throws Error naming what it waited for, with the predicate's last error as cause.
 */
export async function waitFor<T>(
  predicate: () => T | Promise<T>,
  options: {
    readonly timeoutMs?: number;
    readonly intervalMs?: number;
    readonly describe: string | (() => string);
  },
): Promise<NonNullable<Exclude<T, false>>> {
  const { timeoutMs = 10_000, intervalMs = 10, describe } = options;
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await predicate();
      cause = undefined;
      if (value !== undefined && value !== null && value !== false) return value as NonNullable<Exclude<T, false>>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadline) {
      const what = typeof describe === "string" ? describe : describe();
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}`, { cause });
    }
    await delay(intervalMs);
  }
}
