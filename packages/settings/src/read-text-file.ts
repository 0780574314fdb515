import { closeSync, fstatSync, openSync, readSync } from "node:fs";

import { createError } from "@kinglet/errors";

import { settingsErrors } from "./errors.ts";

/**
 * Reads a text file of bounded size; never holds more than `maxBytes` + 64 KiB.
 *
 * Reads synchronously behind its promise: settings are read once, before anything else runs, and `node:fs/promises` brings in
 * streams, 0.4 MB of heap for programs that use none (Node 26).
 *
 * @param path - a file, or a link to one.
 * @param maxBytes - at most this long.
 * @throws `KINGLET_ERR_SETTINGS_FILE`: missing, a directory, not readable, too long, not UTF-8.
 *
 * @public
 */
export async function readTextFile(path: string, maxBytes: number): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readBounded(path, maxBytes));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "KINGLET_ERR_SETTINGS_FILE") throw error;
    throw fileError(path, reasonOf(code, error), error);
  }
}

function readBounded(path: string, maxBytes: number): Buffer {
  const descriptor = openSync(path, "r");
  try {
    if (fstatSync(descriptor).isDirectory()) throw fileError(path, "it is a directory");
    const chunks: Buffer[] = [];
    let length = 0;
    // Sizes in `stat` mean nothing for pipes and files that grow, so the bound is checked on what was read.
    for (;;) {
      const chunk = Buffer.allocUnsafe(65_536);
      const bytesRead = readSync(descriptor, chunk);
      if (bytesRead === 0) return Buffer.concat(chunks);
      length += bytesRead;
      if (length > maxBytes) throw fileError(path, `it is longer than ${maxBytes} bytes`);
      chunks.push(chunk.subarray(0, bytesRead));
    }
  } finally {
    closeSync(descriptor);
  }
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
