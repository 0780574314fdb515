import { closeSync, existsSync, fsync, mkdirSync, openSync, readFileSync, renameSync, statSync, write } from "node:fs";
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
 * Writes the file so that whoever reads it sees the old one or the new one, also after a crash. The event loop does not wait for the disk.
 *
 * @throws what the file system says.
 *
 * @internal
 */
export async function writeCopy(path: string, file: Uint8Array): Promise<void> {
  makeFolder(dirname(path));
  const temporary = `${path}.new`;
  const descriptor = openSync(temporary, "w", 0o600);
  try {
    let at = 0;
    while (at < file.length) at += await written(descriptor, file.subarray(at));
    await settled((done) => fsync(descriptor, done));
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
}

/** One by one: Node's recursive way never ends below a folder in which nothing can be made, as in /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

// Not node:fs/promises: its first use takes 0.36 MB (Node 26.10).
function settled(start: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error === null ? resolve() : reject(error)));
  });
}

function written(descriptor: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, (error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
