/**
 * Listens for Ctrl-C and its kind: the first one asks to stop and clean up, the second ends the process at once.
 *
 * @returns fires with the first.
 *
 * @internal
 */
export function listenForStop(): AbortSignal {
  const controller = new AbortController();
  const stop = (name: string): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Error(`stopped by ${name}`));
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => stop(name));
  // A reader that went away (`npm start | head`): clean up, and do not count as a second signal.
  process.stdout.on("error", () => controller.abort(new Error("nobody reads the output")));
  return controller.signal;
}
