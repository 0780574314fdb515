import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";

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
 * Writes the file so that whoever reads it sees the old one or the new one, also after a crash.
 *
 * @throws what the file system says.
 *
 * @internal
 */
export function writeCopy(path: string, file: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  const descriptor = openSync(temporary, "w", 0o600);
  try {
    let at = 0;
    while (at < file.length) at += writeSync(descriptor, file, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
}
