import { basename, dirname, extname, join } from "node:path";
import { firstLineOf, statFile, type FileIdentity, type FileState } from "./export-file.ts";
import { listFolder } from "./file-system.ts";

const rotationTime = /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}$/;

/** A rotated predecessor of an export file. @internal */
export interface RotatedFile {
  readonly path: string;
  /** When it was rotated, as the name says; sorts by time. */
  readonly rotatedAt: string;
}

/**
 * The files that were rotated away from `path`: `tetragon-2026-11-20T21-50-37.382.log`, also with `.gz`; oldest first.
 *
 * While a file is being compressed both exist; the plain one is complete, so it is the one listed.
 *
 * @internal
 */
export async function listRotated(path: string): Promise<readonly RotatedFile[]> {
  const extension = extname(path);
  const prefix = `${basename(path, extension)}-`;
  const byTime = new Map<string, string>();
  for (const name of await namesIn(dirname(path))) {
    const isCompressed = name.endsWith(".gz");
    const plain = isCompressed ? name.slice(0, -3) : name;
    if (!plain.startsWith(prefix) || !plain.endsWith(extension)) continue;
    const rotatedAt = plain.slice(prefix.length, plain.length - extension.length);
    if (!rotationTime.test(rotatedAt) || (isCompressed && byTime.has(rotatedAt))) continue;
    byTime.set(rotatedAt, join(dirname(path), name));
  }
  return [...byTime]
    .map(([rotatedAt, file]) => ({ rotatedAt, path: file }))
    .toSorted((one, other) => (one.rotatedAt < other.rotatedAt ? -1 : 1));
}

/**
 * Finds a file that was at `path` once: there still, or among its rotated predecessors.
 *
 * By device and inode, confirmed by the first line because inodes are used again; else by the first line alone, because
 * compressing or copying makes a new inode.
 *
 * @returns index into `rotated`, `rotated.length` for `path` itself, -1 when it is gone.
 * @internal
 */
export async function locate(path: string, rotated: readonly RotatedFile[], identity: FileIdentity): Promise<number> {
  const paths = [...rotated.map((file) => file.path), path];
  // Newest first: usually it is the last one or the one before.
  for (let at = paths.length - 1; at >= 0; at--) {
    const candidate = paths[at]!; // at < paths.length
    const state = await tryStat(candidate);
    if (state === undefined || state.dev !== identity.dev || state.inode !== identity.inode) continue;
    const firstLine = await firstLineOf(candidate);
    // One that is not ours to read cannot be told from another; under the path itself it is the next one.
    const isPlausible = identity.firstLine === "" || (firstLine === "" && at < rotated.length);
    if (isPlausible || firstLine === identity.firstLine) return at;
  }
  if (identity.firstLine === "") return -1;
  for (let at = paths.length - 1; at >= 0; at--) {
    if ((await firstLineOf(paths[at]!)) === identity.firstLine) return at; // at < paths.length
  }
  return -1;
}

/**
 * Where reading has to begin when the file itself is gone.
 *
 * @returns index of the oldest predecessor that was written to after `sinceMs`, `rotated.length` when there is none.
 * @internal
 */
export async function firstWrittenSince(rotated: readonly RotatedFile[], sinceMs: number): Promise<number> {
  for (let at = 0; at < rotated.length; at++) {
    const state = await tryStat(rotated[at]!.path); // at < rotated.length
    if (state !== undefined && state.modifiedMs > sinceMs) return at;
  }
  return rotated.length;
}

/** Something in the folder that is no file, or not ours to read, is no candidate. */
async function tryStat(path: string): Promise<FileState | undefined> {
  try {
    return await statFile(path);
  } catch {
    return undefined;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await listFolder(folder)).toSorted();
  } catch {
    // No folder, no files. Without the right to list, rotation can still be followed through the open file.
    return [];
  }
}
