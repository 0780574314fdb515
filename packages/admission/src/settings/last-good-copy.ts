import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder, replaceFile } from "@kinglet/durable-files";

/** A bundle is never larger, bytes. */
const maxBytes = 33_554_432;

/**
 * The file, or undefined when there is none or it is not to be read: a copy is a convenience.
 *
 * @internal
 */
export function readCopy(path: string): Uint8Array | undefined {
  try {
    return statSync(path).size > maxBytes ? undefined : readFileSync(path);
  } catch {
    // There is none yet, as at the first start.
    return undefined;
  }
}

/**
 * Writes the file so that whoever reads it sees the old one or the new one, also after a crash. The event loop does not wait for the disk.
 *
 * @throws what the file system says.
 *
 * @internal
 */
export async function writeCopy(path: string, file: Uint8Array): Promise<void> {
  makeFolder(dirname(path), 0o700);
  await replaceFile(path, file);
}
