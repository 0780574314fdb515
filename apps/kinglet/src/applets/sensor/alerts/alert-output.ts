import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import { createError } from "@kinglet/errors";
import type { TextOutput } from "../../../applet-context.ts";
import { kingletErrors } from "../../../errors.ts";

/**
 * Standard output for alerts.
 *
 * @internal
 */
export interface AlertOutput {
  /**
   * Resolves once the operating system has taken the line; never, when the reader has gone. Asked again for the line that is still under way,
   * it waits for that one and writes nothing twice.
   */
  write(line: string): Promise<void>;
  /** Rejects with KINGLET_ERR_KINGLET_STDOUT_CLOSED once a line could not be written because nobody reads any more. */
  readonly closed: Promise<never>;
}

/**
 * Opens standard output so that a reader that stalls stalls the alerts and nothing else: a write to a full pipe would otherwise hold the
 * whole process, its health checks and its stop signal included.
 *
 * Files and terminals do not stall and are written directly. Nothing is opened before the first line.
 *
 * @internal
 */
export function openAlertOutput(stdout: TextOutput): AlertOutput {
  const closed = Promise.withResolvers<never>();
  // Nobody may be listening yet, or any more.
  closed.promise.catch(() => {});
  let socket: Socket | undefined;
  let underWay: { readonly line: string; readonly done: Promise<void> } | undefined;
  const send = (line: string): Promise<void> => {
    socket ??= openPipe((cause) => {
      const reason = cause.message;
      closed.reject(createError(kingletErrors, "KINGLET_ERR_KINGLET_STDOUT_CLOSED", { reason }, { cause }));
    });
    const pipe = socket;
    return new Promise((resolve) => {
      pipe.write(line, (error) => {
        // A failed line stays open: it was not delivered, and the sensor ends without acknowledging it.
        if (error === null || error === undefined) resolve();
      });
    });
  };
  return {
    closed: closed.promise,
    write: async (line) => {
      if (!isPipe()) return stdout.write(line);
      if (underWay?.line !== line) {
        const done = send(line).finally(() => {
          underWay = undefined;
        });
        underWay = { line, done };
      }
      return underWay.done;
    },
  };
}

function isPipe(): boolean {
  const stat = fstatSync(1);
  return stat.isFIFO() || stat.isSocket();
}

function openPipe(onError: (error: Error) => void): Socket {
  const socket = new Socket({ fd: 1, readable: false, writable: true });
  socket.on("error", onError);
  // Pending output does not keep a stopping process alive; the drain waits for it.
  socket.unref();
  return socket;
}
