import type { Alert, AlertSink } from "@kinglet/detection";
import { createBackoff, sleep, withTimeout, type Clock } from "@kinglet/lifecycle";

/** How often and how long a sink is tried. @internal */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly publishTimeoutMs: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly random: () => number;
}

/**
 * Delivers one alert to one sink.
 *
 * @param onFailure - told about every failed attempt, with the number of attempts left.
 * @returns true once confirmed, false after the last attempt failed.
 * @throws the signal's reason; whether the sink got the alert is unknown then.
 *
 * @internal
 */
export async function publishWithRetry(
  sink: AlertSink,
  alert: Alert,
  policy: RetryPolicy,
  context: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly onFailure: (error: unknown, attemptsLeft: number) => void;
  },
): Promise<boolean> {
  const { clock, signal, onFailure } = context;
  const backoff = createBackoff({
    initialMs: policy.initialBackoffMs,
    maxMs: policy.maxBackoffMs,
    random: policy.random,
  });
  for (let attemptsLeft = policy.maxAttempts - 1; ; attemptsLeft--) {
    signal.throwIfAborted();
    try {
      await publishOnce(sink, alert, policy.publishTimeoutMs, clock, signal);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      onFailure(error, attemptsLeft);
      if (attemptsLeft <= 0) return false;
    }
    await sleep(backoff.nextDelayMs(), { signal, clock });
  }
}

/** A sink that ignores its signal must not hold the queue: the wait ends with the deadline either way. */
async function publishOnce(
  sink: AlertSink,
  alert: Alert,
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  using deadline = withTimeout(timeoutMs, { signal, clock, name: `sink ${sink.name}` });
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(deadline.reason as Error);
    deadline.addEventListener("abort", onAbort, { once: true });
  });
  try {
    await Promise.race([sink.publish(alert, { signal: deadline }), aborted]);
  } finally {
    if (onAbort !== undefined) deadline.removeEventListener("abort", onAbort);
  }
}
