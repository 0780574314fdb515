import { constants, watch } from "node:fs";
import { lstat, mkdir, open, opendir, rename, stat, unlink, type FileHandle } from "node:fs/promises";

/**
 * The few things the directory store does to a file system, each one step that a crash can come before or after.
 *
 * @internal
 */
export interface FileOperations {
  /** Opens without following a link in the last step and without waiting for the other end of a pipe. */
  openForReading(path: string): Promise<FileHandle>;
  /** Creates or empties. */
  openForWriting(path: string): Promise<FileHandle>;
  write(handle: FileHandle, bytes: Uint8Array): Promise<void>;
  sync(handle: FileHandle): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Creates one directory, mode 0700; false when it is there already. */
  createDirectory(path: string): Promise<boolean>;
  /** Makes the entries of a directory durable. */
  syncDirectory(path: string): Promise<void>;
  isDirectory(path: string, options: { readonly followLinks: boolean }): Promise<boolean>;
  names(path: string): AsyncIterable<string>;
  /** What tells two states of a file apart without reading it; undefined when there is no regular file (a link is none). */
  signature(path: string): Promise<string | undefined>;
  /**
   * Calls back with the name of each entry that may have changed; null: the kernel does not say which. Does not keep the process alive.
   *
   * @returns ends it.
   */
  watch(path: string, onName: (name: string | null) => void, onError: (error: unknown) => void): () => void;
}

/** The real file system. @internal */
export const nodeFileOperations: FileOperations = {
  openForReading: (path) => open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK),
  openForWriting: (path) =>
    open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600),
  write: (handle, bytes) => handle.writeFile(bytes),
  sync: (handle) => handle.sync(),
  rename: (from, to) => rename(from, to),
  unlink: (path) => unlink(path),
  createDirectory: async (path) => {
    try {
      await mkdir(path, { mode: 0o700 });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  },
  syncDirectory: async (path) => {
    const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  isDirectory: async (path, { followLinks }) => (await (followLinks ? stat(path) : lstat(path))).isDirectory(),
  names: async function* names(path) {
    for await (const entry of await opendir(path)) yield entry.name;
  },
  signature: async (path) => {
    try {
      const stats = await lstat(path, { bigint: true });
      return stats.isFile() ? `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}` : undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  },
  watch: (path, onName, onError) => {
    const watcher = watch(path, { persistent: false }, (_event, name) => onName(name));
    watcher.on("error", onError);
    return () => watcher.close();
  },
};
