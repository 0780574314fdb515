import { closeSync, fsync, openSync, renameSync, write } from "node:fs";
import { promisify } from "node:util";

/**
 * Writes a file, mode 0600, so that whoever reads it sees the old one or the new one, also after a crash. The event loop does not wait for the disk.
 *
 * What is written is `PATH.new` until it is whole. One call for a path at a time.
 *
 * @throws what the file system says; the old file is as it was then.
 * @public
 */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.new`;
  const descriptor = openSync(temporary, "w", 0o600);
  try {
    let at = 0;
    while (at < bytes.length) {
      at += (await promisify(write)(descriptor, bytes, at, bytes.length - at, null)).bytesWritten;
    }
    await promisify(fsync)(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
}
