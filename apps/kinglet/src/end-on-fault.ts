import { ExitCode, type TextOutput } from "./applet-context.ts";
import { describeFault } from "./describe-fault.ts";

/**
 * Ends the program with one coded line and exit code 1 when an exception or a rejection reaches nobody, where Node would print a raw stack.
 *
 * Nothing is rescued: after such a fault the state of the program is unknown. What was not acknowledged is read again by the next start.
 *
 * @internal
 */
export function endOnFault(
  target: Pick<NodeJS.Process, "exit"> & {
    // Node passes unhandled rejections on to this event as well.
    on(event: "uncaughtException", listener: (fault: unknown) => void): unknown;
  },
  stderr: TextOutput,
): void {
  target.on("uncaughtException", (fault) => {
    try {
      // Written synchronously; whether anybody reads it changes nothing.
      stderr.write(`${describeFault(fault)}\n`).catch(() => {});
    } finally {
      target.exit(ExitCode.fault);
    }
  });
}
