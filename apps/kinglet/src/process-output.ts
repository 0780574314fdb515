import { writeSync } from "node:fs";
import { isatty } from "node:tty";
import { hasCode } from "@kinglet/errors";
import type { TextOutput } from "./applet-context.ts";

/**
 * A text output on a file descriptor of this process, written synchronously: for short texts of a command that then ends.
 *
 * A reader that has gone away is not a fault; a full pipe is waited for.
 *
 * @internal
 */
export function processOutput(fd: 1 | 2): TextOutput {
  return {
    write: async (text) => writeFully(fd, Buffer.from(text, "utf8")),
    get isTerminal() {
      return isatty(fd);
    },
  };
}

function writeFully(fd: number, bytes: Buffer): void {
  let offset = 0;
  while (offset < bytes.length) {
    try {
      offset += writeSync(fd, bytes, offset);
    } catch (error) {
      if (hasCode(error, "EAGAIN")) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
        continue;
      }
      if (hasCode(error, "EPIPE")) return;
      throw error;
    }
  }
}
