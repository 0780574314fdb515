/**
 * Turns the first SIGTERM or SIGINT into an abort; the second ends the process at once with 128 + the signal's number.
 *
 * @internal
 */
export function listenForStop(): AbortSignal {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals, number: number): void => {
    if (controller.signal.aborted) process.exit(128 + number);
    controller.abort(new Error(`stopped by ${name}`));
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  return controller.signal;
}
