import { accessSync, closeSync, constants, fstatSync, openSync, statfsSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { createError } from "@kinglet/errors";
import { systemClock, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import { memoryLimitErrors } from "./errors.ts";
import { loadV8 } from "./lazy.ts";

/**
 * Writes heap snapshots on demand.
 *
 * @public
 */
export interface HeapSnapshots {
  /**
   * Writes one snapshot, mode 0600, named after the applet, the time and the pid. **It holds everything the process has in memory, secrets
   * included**; a warning in the log says so each time.
   *
   * The process stands still meanwhile, about a second per 50 MB of heap.
   *
   * @throws `KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_DIR_UNSET`, `…_DIR_UNWRITABLE`, `…_MEMORY_SHORT`, `…_DISK_SHORT`, `…_BUSY`, `…_FAILED`.
   */
  write(): Promise<{ readonly path: string; readonly bytes: number }>;
}

/**
 * Choices of {@link createHeapSnapshots}.
 *
 * @public
 */
export interface HeapSnapshotOptions {
  /** `KINGLET_SNAPSHOT_DIR`; `undefined` or empty refuses every snapshot. */
  readonly dir: string | undefined;
  /** First part of the file name. */
  readonly applet: string;
  readonly logger: Logger;
  /** Memory limit of the process, bytes (see `readMemoryLimit`). */
  readonly limitBytes?: number | undefined;
  /** Memory that can still be taken, bytes. @defaultValue limit minus resident memory, at most what the system has */
  readonly availableBytes?: () => number;
  /** Space in the directory, bytes. @defaultValue asks the file system */
  readonly freeDiskBytes?: (dir: string) => number;
  readonly clock?: Clock;
}

/** Building a snapshot takes about as much memory as the heap again, at most twice as much. */
const memoryFactor = 2;
/** A snapshot file is about as large as the heap, at most twice as large for many small objects. */
const diskFactor = 2;

/** @public */
export function createHeapSnapshots(options: HeapSnapshotOptions): HeapSnapshots {
  const { dir = "", applet, logger, limitBytes, clock = systemClock } = options;
  const availableBytes = options.availableBytes ?? (() => availableMemory(limitBytes));
  const freeDiskBytes = options.freeDiskBytes ?? freeDisk;
  let isBusy = false;
  return {
    write: async () => {
      if (isBusy) throw createError(memoryLimitErrors, "KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_BUSY");
      isBusy = true;
      try {
        assertPossible(dir, availableBytes, freeDiskBytes);
        const stamp = new Date(clock.now()).toISOString().replaceAll(":", "-");
        const path = join(dir, `${applet}-${stamp}-${process.pid}.heapsnapshot`);
        const v8 = await loadV8();
        logger.warn("writing a heap snapshot: it holds secrets, keep it away from others", { path });
        const bytes = writeTo(path, (target) => v8.writeHeapSnapshot(target));
        logger.info("heap snapshot written", { path, bytes });
        return { path, bytes };
      } finally {
        isBusy = false;
      }
    },
  };
}

function assertPossible(dir: string, availableBytes: () => number, freeDiskBytes: (dir: string) => number): void {
  if (dir === "") throw createError(memoryLimitErrors, "KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_DIR_UNSET");
  const { heapUsed } = process.memoryUsage();
  const memory = { needBytes: heapUsed * memoryFactor, availableBytes: availableBytes() };
  if (memory.availableBytes < memory.needBytes) {
    throw createError(memoryLimitErrors, "KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_MEMORY_SHORT", memory);
  }
  const disk = { dir, needBytes: heapUsed * diskFactor, availableBytes: Number.POSITIVE_INFINITY };
  try {
    if (!statSync(dir).isDirectory()) throw Object.assign(new Error("not a directory"), { code: "ENOTDIR" });
    accessSync(dir, constants.W_OK | constants.X_OK);
    disk.availableBytes = freeDiskBytes(dir);
  } catch (cause) {
    const details = { dir, reason: (cause as NodeJS.ErrnoException).code ?? "unknown" };
    throw createError(memoryLimitErrors, "KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_DIR_UNWRITABLE", details, { cause });
  }
  if (disk.availableBytes < disk.needBytes) {
    throw createError(memoryLimitErrors, "KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_DISK_SHORT", disk);
  }
}

/** The file exists with its mode before the first byte, and V8 writes through our descriptor: nobody can slip another file in. */
function writeTo(path: string, writeHeapSnapshot: (path: string) => string): number {
  let fd: number;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  } catch (cause) {
    throw failure(path, cause);
  }
  try {
    writeHeapSnapshot(`/proc/self/fd/${fd}`);
    return fstatSync(fd).size;
  } catch (cause) {
    unlinkSync(path);
    throw failure(path, cause);
  } finally {
    closeSync(fd);
  }
}

function failure(path: string, cause: unknown): Error {
  const reason = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message;
  return createError(memoryLimitErrors, "KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_FAILED", { path, reason }, { cause });
}

function availableMemory(limitBytes: number | undefined): number {
  const system = process.availableMemory();
  return limitBytes === undefined ? system : Math.min(system, limitBytes - process.memoryUsage.rss());
}

function freeDisk(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}
