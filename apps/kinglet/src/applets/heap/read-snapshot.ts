import { close, constants, fstat, open, read, type Stats } from "node:fs";
import { createError } from "@kinglet/errors";
import { kingletErrors } from "../../errors.ts";
import type { ModuleMap } from "./module-map.ts";
import { ScriptNames } from "./script-names.ts";
import { SnapshotCollector, type Amount } from "./snapshot-collector.ts";
import { SnapshotTokenizer } from "./snapshot-tokenizer.ts";
import { sumByModule } from "./sum-by-module.ts";

/** What a comparison needs of one snapshot. */
export interface SnapshotSummary {
  readonly path: string;
  readonly fileBytes: number;
  /** All nodes; `size` is their own size in bytes, together. */
  readonly total: Readonly<Amount>;
  readonly constructors: ReadonlyMap<string, Amount>;
  readonly modules: ReadonlyMap<string, Amount>;
}

/** How {@link readSnapshot} is to read. */
export interface ReadOptions {
  readonly signal: AbortSignal;
  /** Divides one script into modules. @defaultValue none: it is one row */
  readonly moduleMap?: ModuleMap | undefined;
  /** Told now and then how much was read, from 0 to 1. @defaultValue nobody */
  readonly onProgress?: (share: number) => Promise<void>;
}

/** 1 MiB reads at 2 GB/s, and larger pieces are no faster. */
const chunkBytes = 1_048_576;

/** First bytes of what people compress snapshots with. */
const magic: readonly (readonly [format: string, bytes: readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["zip", [0x50, 0x4b, 0x03, 0x04]],
];

/**
 * Reads a heap snapshot once, and its edges a second time, and adds it up.
 *
 * Memory: 21 bytes per node and the names of constructors, functions and scripts; the file is never in memory.
 *
 * @throws `KINGLET_ERR_KINGLET_HEAP_UNREADABLE`, `…_COMPRESSED`, `…_NOT_A_SNAPSHOT`, `…_TRUNCATED`; the signal's reason when it fires.
 */
export async function readSnapshot(path: string, options: ReadOptions): Promise<SnapshotSummary> {
  const file = await openFile(path);
  try {
    const { size } = file;
    const reader = { ...file, path, options };
    const snapshot = new SnapshotCollector(path, size);
    const tokenizer = new SnapshotTokenizer(path, snapshot);
    // The edges, which are read twice, are a good half of a file.
    await readFrom(reader, 0, 0, 0.6, (chunk, offset) => {
      if (offset === 0) refuseCompressed(path, chunk);
      tokenizer.push(chunk);
      return true;
    });
    tokenizer.end();
    snapshot.finish();
    const scripts = new ScriptNames(path, snapshot);
    if (scripts.isUseful) {
      const edges = new SnapshotTokenizer(path, scripts);
      edges.resumeAt("edges", snapshot.edgesOffset);
      await readFrom(reader, snapshot.edgesOffset, 0.6, 1, (chunk) => {
        edges.push(chunk);
        return !scripts.isDone;
      });
    }
    return {
      path,
      fileBytes: size,
      total: snapshot.total,
      constructors: snapshot.constructors(),
      modules: sumByModule(snapshot, scripts.names(), options.moduleMap),
    };
  } finally {
    await closeFile(file.fd);
  }
}

interface Reader {
  readonly path: string;
  readonly fd: number;
  readonly size: number;
  readonly options: ReadOptions;
}

async function readFrom(
  { path, fd, size, options }: Reader,
  start: number,
  fromShare: number,
  toShare: number,
  take: (chunk: Uint8Array, offset: number) => boolean,
): Promise<void> {
  const buffer = new Uint8Array(chunkBytes);
  let shown = -1;
  for (let offset = start; ;) {
    options.signal.throwIfAborted();
    const length = await readChunk(path, fd, buffer, offset);
    if (length === 0) return;
    if (!take(buffer.subarray(0, length), offset)) return;
    offset += length;
    const share = fromShare + (toShare - fromShare) * Math.min(1, (offset - start) / Math.max(1, size - start));
    const percent = Math.floor(share * 100);
    if (percent !== shown) await options.onProgress?.(share);
    shown = percent;
  }
}

function refuseCompressed(path: string, chunk: Uint8Array): void {
  for (const [format, bytes] of magic) {
    if (bytes.every((byte, at) => chunk[at] === byte)) {
      throw createError(kingletErrors, "KINGLET_ERR_KINGLET_HEAP_COMPRESSED", { path, format });
    }
  }
}

// Callbacks in promises: `node:fs/promises` costs 361 KB of heap at import.

function openFile(path: string): Promise<{ readonly fd: number; readonly size: number }> {
  return new Promise((resolve, reject) => {
    // Non-blocking: opening a pipe that nobody writes to would wait for ever.
    open(path, constants.O_RDONLY | constants.O_NONBLOCK, (error, fd) => {
      if (error !== null) return reject(unreadable(path, error));
      fstat(fd, (failure: NodeJS.ErrnoException | null, stats: Stats) => {
        const isFile = failure === null && stats.isFile();
        if (isFile) return resolve({ fd, size: stats.size });
        const what = failure === null ? kindOf(stats) : failure;
        close(fd, () => reject(unreadable(path, what)));
      });
    });
  });
}

function kindOf(stats: Stats): string {
  return stats.isDirectory() ? "it is a directory" : "it is not a regular file";
}

function readChunk(path: string, fd: number, buffer: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, buffer.length, offset, (error, length) => {
      if (error === null) resolve(length);
      else reject(unreadable(path, error));
    });
  });
}

function closeFile(fd: number): Promise<void> {
  // Nothing was written, so a failure to close loses nothing.
  return new Promise((resolve) => close(fd, () => resolve()));
}

function unreadable(path: string, why: string | NodeJS.ErrnoException): Error {
  const reason = typeof why === "string" ? why : why.code === "ENOENT" ? "there is no such file" : why.message;
  const cause = typeof why === "string" ? undefined : why;
  return createError(kingletErrors, "KINGLET_ERR_KINGLET_HEAP_UNREADABLE", { path, reason }, { cause });
}
