import { open } from "node:fs/promises";

import { createError } from "@kinglet/errors";

import { settingsErrors } from "./errors.ts";

/**
 * Reads a text file of bounded size; never holds more than `maxBytes` + 64 KiB.
 *
 * @param path - a file, or a link to one.
 * @param maxBytes - at most this long.
 * @throws `KINGLET_ERR_SETTINGS_FILE`: missing, a directory, not readable, too long, not UTF-8.
 *
 * @public
 */
export async function readTextFile(path: string, maxBytes: number): Promise<string> {
  try {
    await using file = await open(path, "r");
    const stat = await file.stat();
    if (stat.isDirectory()) throw fileError(path, "it is a directory");
    const chunks: Buffer[] = [];
    let length = 0;
    // Sizes in `stat` mean nothing for pipes and files that grow, so the bound is checked on what was read.
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(65_536), 0, 65_536, null);
      if (bytesRead === 0) break;
      length += bytesRead;
      if (length > maxBytes) throw fileError(path, `it is longer than ${maxBytes} bytes`);
      chunks.push(buffer.subarray(0, bytesRead));
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "KINGLET_ERR_SETTINGS_FILE") throw error;
    throw fileError(path, reasonOf(code, error), error);
  }
}

function fileError(path: string, reason: string, cause?: unknown): Error {
  return createError(settingsErrors, "KINGLET_ERR_SETTINGS_FILE", { path, reason }, { cause });
}

function reasonOf(code: string | undefined, error: unknown): string {
  if (code === "ENOENT" || code === "ENOTDIR") return "there is no such file";
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return "it is not UTF-8 text";
  return (error as Error).message;
}
