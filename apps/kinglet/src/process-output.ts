import { fstatSync, writeSync } from "node:fs";
import { hasCode } from "@kinglet/errors";
import type { TextOutput } from "./applet-context.ts";
import { loadTty } from "./lazy.ts";

/**
 * A text output on a file descriptor of this process, written synchronously: for short texts of a command that then ends.
 *
 * A reader that has gone away is not a fault; a full pipe is waited for.
 *
 * @internal
 */
export async function openProcessOutput(fd: 1 | 2): Promise<TextOutput> {
  const isTerminal = isCharacterDevice(fd) && (await loadTty()).isatty(fd);
  return {
    write: async (text) => writeFully(fd, Buffer.from(text, "utf8")),
    isTerminal,
  };
}

/** Only such a descriptor can be a terminal; asking it first keeps Node's terminal code out of every other start. */
function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    // the descriptor is closed: certainly no terminal
    return false;
  }
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
