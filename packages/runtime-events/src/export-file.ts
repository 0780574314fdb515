import { Buffer } from "node:buffer";
import type { BigIntStats } from "node:fs";
import { createError } from "@kinglet/errors";
import type { ByteReader, ReadAt } from "./byte-reader.ts";
import { runtimeEventsErrors } from "./errors.ts";
import { closeFile, openFile, readFile, statOpenFile, statPath } from "./file-system.ts";
import { firstLineBytes, firstLineHash } from "./first-line-hash.ts";
import { loadGzipReader } from "./lazy.ts";

/** What tells one file from another across renames and restarts. @internal */
export interface FileIdentity {
  readonly dev: string;
  readonly inode: string;
  /** Hash of the first line; empty while there is none. */
  readonly firstLine: string;
  /** When it was last written to as far as known, milliseconds since 1970: what came after it is newer. */
  readonly modifiedMs: number;
}

/** State of a path that is, or is to become, an export file. @internal */
export interface FileState {
  readonly dev: string;
  readonly inode: string;
  readonly size: number;
  readonly modifiedMs: number;
  /** When it was made, milliseconds since 1970; 0 where the file system does not say. */
  readonly bornMs: number;
}

/**
 * Looks at a path.
 *
 * @returns undefined when there is nothing.
 * @throws KINGLET_ERR_RUNTIME_EVENTS_NOT_A_FILE, KINGLET_ERR_RUNTIME_EVENTS_UNREADABLE
 * @internal
 */
export async function statFile(path: string): Promise<FileState | undefined> {
  let stats: BigIntStats;
  try {
    stats = await statPath(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unreadable(path, error);
  }
  if (!stats.isFile()) {
    throw createError(runtimeEventsErrors, "KINGLET_ERR_RUNTIME_EVENTS_NOT_A_FILE", { path, found: foundAs(stats) });
  }
  return stateOf(stats);
}

/**
 * An export file that is open.
 *
 * @internal
 */
export class ExportFile {
  readonly path: string;
  readonly isCompressed: boolean;
  readonly dev: string;
  readonly inode: string;
  readonly bornMs: number;
  /** Hash of the first line; empty until there is one. */
  firstLine = "";
  modifiedMs: number;
  readonly #opened: FileState;
  readonly #descriptor: number;
  #reader: ByteReader;
  #position: number;
  #head: Buffer | undefined;
  #isClosed = false;

  constructor(path: string, descriptor: number, state: FileState, reader: ByteReader | undefined, position: number) {
    this.path = path;
    this.isCompressed = reader !== undefined;
    this.dev = state.dev;
    this.inode = state.inode;
    this.modifiedMs = state.modifiedMs;
    this.bornMs = state.bornMs;
    this.#opened = state;
    this.#descriptor = descriptor;
    this.#position = position;
    this.#reader = reader ?? {
      read: async (target, targetStart, length) => {
        try {
          const bytesRead = await readFile(descriptor, target, targetStart, length, this.#position);
          this.#position += bytesRead;
          return bytesRead;
        } catch (error) {
          throw unreadable(path, error);
        }
      },
      close: () => Promise.resolve(),
    };
  }

  get identity(): FileIdentity {
    return { dev: this.dev, inode: this.inode, firstLine: this.firstLine, modifiedMs: this.modifiedMs };
  }

  /** See {@link ByteReader}. */
  read(target: Buffer, targetStart: number, length: number): Promise<number> {
    return this.#reader.read(target, targetStart, length);
  }

  /** State of the open file itself, whatever its path means by now. */
  async state(): Promise<FileState> {
    const state = stateOf(await statOpenFile(this.#descriptor));
    this.modifiedMs = state.modifiedMs;
    return state;
  }

  /** True when it is not as it was when it was opened: what is read of a compressed file is what it was then. */
  isWrittenSince({ size, modifiedMs }: FileState): boolean {
    return size !== this.#opened.size || modifiedMs !== this.#opened.modifiedMs;
  }

  /** Hash of the first line as it is now; empty while there is no whole line. */
  async currentFirstLine(): Promise<string> {
    if (this.isCompressed) return this.firstLine;
    this.#head ??= Buffer.allocUnsafeSlow(firstLineBytes);
    return firstLineHash(this.#head, await readFile(this.#descriptor, this.#head, 0, firstLineBytes, 0));
  }

  /** True when the byte in front of `position` does not end a line. */
  async isInsideLine(position: number): Promise<boolean> {
    if (position === 0 || this.isCompressed) return false;
    const byte = Buffer.allocUnsafe(1);
    const bytesRead = await readFile(this.#descriptor, byte, 0, 1, position - 1);
    return bytesRead === 1 && byte[0] !== 0x0a;
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#reader.close();
    await closeFile(this.#descriptor);
  }
}

/**
 * Opens a plain or compressed (`.gz`) export file to be read from `position` of its content.
 *
 * @returns undefined when there is no such file (any more).
 * @throws KINGLET_ERR_RUNTIME_EVENTS_NOT_A_FILE, KINGLET_ERR_RUNTIME_EVENTS_UNREADABLE
 * @internal
 */
export async function openExportFile(path: string, position: number): Promise<ExportFile | undefined> {
  const before = await statFile(path);
  if (before === undefined) return undefined;
  let descriptor: number;
  try {
    descriptor = await openFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unreadable(path, error);
  }
  try {
    const isCompressed = path.endsWith(".gz");
    const state = stateOf(await statOpenFile(descriptor));
    const firstLine = isCompressed ? await firstLineOf(path) : "";
    const reader = isCompressed ? (await loadGzipReader()).openGzipReader(readerOf(descriptor), position) : undefined;
    const file = new ExportFile(path, descriptor, state, reader, position);
    file.firstLine = isCompressed ? firstLine : await file.currentFirstLine();
    return file;
  } catch (error) {
    await closeFile(descriptor);
    throw error;
  }
}

/**
 * Hash of the first line of a plain or compressed file.
 *
 * @returns empty when there is none, or the file cannot be read.
 * @internal
 */
export async function firstLineOf(path: string): Promise<string> {
  const head = Buffer.allocUnsafe(firstLineBytes);
  let descriptor: number | undefined;
  let reader: ByteReader | undefined;
  try {
    const file = await openFile(path);
    descriptor = file;
    reader = path.endsWith(".gz")
      ? (await loadGzipReader()).openGzipReader(readerOf(file), 0)
      : {
          read: (target, start, length) => readFile(file, target, start, length, start),
          close: () => Promise.resolve(),
        };
    let length = 0;
    while (length < head.length) {
      const count = await reader.read(head, length, head.length - length);
      if (count === 0) break;
      length += count;
    }
    return firstLineHash(head, length);
  } catch {
    // A candidate that cannot be read is not the file that is looked for.
    return "";
  } finally {
    await reader?.close();
    if (descriptor !== undefined) await closeFile(descriptor);
  }
}

/** True for the errors that mean "nothing there". @internal */
export function isMissing(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === "ENOENT" || code === "ENOTDIR";
}

/** True for a file or folder that is there, and not ours to read: rights can be given. @internal */
export function isForbidden(error: unknown): error is Error {
  const { code } = ((error as { cause?: unknown }).cause ?? {}) as { code?: unknown };
  return code === "EACCES" || code === "EPERM";
}

function readerOf(descriptor: number): ReadAt {
  return (target, targetStart, length, position) => readFile(descriptor, target, targetStart, length, position);
}

function unreadable(path: string, error: unknown): Error {
  const reason = String((error as { code?: unknown }).code ?? error);
  return createError(runtimeEventsErrors, "KINGLET_ERR_RUNTIME_EVENTS_UNREADABLE", { path, reason }, { cause: error });
}

function stateOf(stats: BigIntStats): FileState {
  return {
    dev: String(stats.dev),
    inode: String(stats.ino),
    size: Number(stats.size),
    modifiedMs: Number(stats.mtimeNs) / 1e6,
    bornMs: Number(stats.birthtimeNs) / 1e6,
  };
}

function foundAs(stats: BigIntStats): string {
  if (stats.isDirectory()) return "directory";
  if (stats.isFIFO()) return "named pipe";
  return stats.isSocket() ? "socket" : "device";
}
