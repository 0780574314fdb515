import { close, fstat, open, read } from "node:fs";
import { promisify } from "node:util";

import { createError } from "@kinglet/errors";

import { settingsErrors } from "./errors.ts";

/**
 * Reads a text file of bounded size; never holds more than `maxBytes` + 64 KiB.
 *
 * Pipes are files too (`<(…)` of a shell): who writes to them may take any time or never come, so nothing is held up meanwhile. Through the
 * call-back functions, because `node:fs/promises` brings in streams, 0.4 MB of heap for programs that use none (Node 26).
 *
 * @param path - a file, or a link to one.
 * @param maxBytes - at most this long.
 * @param signal - ends the wait for a pipe.
 * @throws `KINGLET_ERR_SETTINGS_FILE`: missing, a directory, not readable, too long, not UTF-8; the signal's reason.
 *
 * @public
 */
export async function readTextFile(path: string, maxBytes: number, signal?: AbortSignal): Promise<string> {
  try {
    const bytes = await orAborted(readBounded(path, maxBytes), signal);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    signal?.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    if (code === "KINGLET_ERR_SETTINGS_FILE") throw error;
    throw fileError(path, reasonOf(code, error), error);
  }
}

const chunkBytes = 65_536;

async function readBounded(path: string, maxBytes: number): Promise<Buffer> {
  const descriptor = await promisify(open)(path, "r");
  try {
    if ((await promisify(fstat)(descriptor)).isDirectory()) throw fileError(path, "it is a directory");
    const chunks: Buffer[] = [];
    let length = 0;
    // Sizes in `stat` mean nothing for pipes and files that grow, so the bound is checked on what was read.
    for (;;) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const { bytesRead } = await promisify(read)(descriptor, chunk, 0, chunkBytes, null);
      if (bytesRead === 0) return Buffer.concat(chunks);
      length += bytesRead;
      if (length > maxBytes) throw fileError(path, `it is longer than ${maxBytes} bytes`);
      chunks.push(chunk.subarray(0, bytesRead));
    }
  } finally {
    await promisify(close)(descriptor);
  }
}

/** What is read later goes unnoticed. */
function orAborted<T>(reading: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal?.reason as Error);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    reading.then(resolve, reject).finally(() => signal?.removeEventListener("abort", onAbort));
  });
}

function fileError(path: string, reason: string, cause?: unknown): Error {
  return createError(
    settingsErrors,
    "KINGLET_ERR_SETTINGS_FILE",
    { path, reason },
    cause === undefined ? {} : { cause },
  );
}

function reasonOf(code: string | undefined, error: unknown): string {
  if (code === "ENOENT" || code === "ENOTDIR") return "there is no such file";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return "it is not UTF-8 text";
  return (error as Error).message;
}
