import { close, constants, fsync, open } from "node:fs";
import { promisify } from "node:util";

/**
 * Names of files that were made, renamed or removed in a folder survive a power cut.
 *
 * @throws what the file system says.
 * @public
 */
export async function syncFolder(path: string): Promise<void> {
  const descriptor = await promisify(open)(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await promisify(fsync)(descriptor);
  } finally {
    await promisify(close)(descriptor);
  }
}
