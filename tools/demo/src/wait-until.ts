import { createError } from "@kinglet/errors";
import { sleep } from "@kinglet/lifecycle";
import { demoErrors } from "./errors.ts";

/**
 * Asks again and again until the answer is yes.
 *
 * @throws KINGLET_ERR_DEMO_TIMEOUT; the reason of the signal; whatever the question throws.
 *
 * @internal
 */
export async function waitUntil(
  isTrue: () => boolean | Promise<boolean>,
  options: {
    /** As in "WHAT did not happen within 30 s". */
    readonly what: string;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
    /** @defaultValue 50 */
    readonly intervalMs?: number;
  },
): Promise<void> {
  const { what, timeoutMs, signal, intervalMs = 50 } = options;
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    if (await isTrue()) return;
    if (performance.now() > endsAt) {
      throw createError(demoErrors, "KINGLET_ERR_DEMO_TIMEOUT", { what, seconds: timeoutMs / 1000 });
    }
    await sleep(intervalMs, { signal });
  }
}
