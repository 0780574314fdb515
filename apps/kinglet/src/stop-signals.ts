import { systemClock } from "@kinglet/lifecycle";

/** Every applet ends within twenty seconds, and Kubernetes kills after thirty: one that takes longer than this is stuck, milliseconds. */
const lateMs = 25_000;

/**
 * Turns the first SIGTERM or SIGINT into an abort; the second ends the process at once with 128 + the signal's number, and so do
 * twenty-five seconds after the first.
 *
 * @param end - ends the process with a code.
 *
 * @internal
 */
export function listenForStop(end: (code: number) => never): AbortSignal {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals, number: number): void => {
    if (controller.signal.aborted) end(128 + number);
    controller.abort(new Error(`stopped by ${name}`));
    systemClock.startTimer(() => end(128 + number), lateMs).unref();
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  return controller.signal;
}
