import { closeSync, fstatSync, openSync, readdirSync, realpathSync, renameSync, unlinkSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { createError } from "@kinglet/errors";
import type { Clock } from "@kinglet/lifecycle";
import { BatchWriter, type BatchTarget } from "./batch-writer.ts";
import { loggerErrors } from "./errors.ts";
import type { LineWriter } from "./line-writer.ts";

/**
 * A log file that starts anew when it is full.
 *
 * @public
 */
export interface LogFileOptions {
  /** The directory must exist. A symbolic link is followed once, when the file is opened. */
  readonly path: string;
  /** Size at which the file is rotated, bytes. @defaultValue 20 MiB */
  readonly maxBytes?: number;
  /** Rotated files that are kept; older ones are deleted. @defaultValue 5 */
  readonly maxFiles?: number;
}

/**
 * Opens the file for appending.
 *
 * Rotated files carry the local time before the extension (`log-2024-11-12T13-14-15.167.txt`). Rotation is synchronous, a few
 * hundred microseconds once per `maxBytes`. A full disk loses lines (counted), never the process; a rename that fails keeps
 * appending to the old file.
 *
 * @throws `KINGLET_ERR_LOGGER_FILE`.
 * @internal
 */
export function openRotatingFile(options: LogFileOptions, clock: Clock): LineWriter {
  const target = new RotatingTarget(
    realPath(options.path),
    options.maxBytes ?? 20_971_520,
    options.maxFiles ?? 5,
    clock,
  );
  return new BatchWriter(target, 1_048_576, clock);
}

/**
 * The path without symbolic links, also for a file that does not exist yet.
 *
 * @throws `KINGLET_ERR_LOGGER_FILE` when the directory does not exist.
 * @internal
 */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // The file does not exist yet; its directory must.
    try {
      return join(realpathSync(dirname(path)), basename(path));
    } catch (error) {
      throw fileError(path, error);
    }
  }
}

class RotatingTarget implements BatchTarget {
  readonly name: string;
  readonly #maxBytes: number;
  readonly #maxFiles: number;
  readonly #clock: Clock;
  #fd: number;
  #size: number;

  constructor(path: string, maxBytes: number, maxFiles: number, clock: Clock) {
    this.name = path;
    this.#maxBytes = maxBytes;
    this.#maxFiles = maxFiles;
    this.#clock = clock;
    try {
      this.#fd = openSync(path, "a", 0o640);
      this.#size = fstatSync(this.#fd).size;
    } catch (error) {
      throw fileError(path, error);
    }
  }

  prepare(bytes: number): number {
    if (this.#size > 0 && this.#size + bytes > this.#maxBytes) this.#rotate();
    return this.#fd;
  }

  written(bytes: number): void {
    this.#size += bytes;
  }

  close(isBusy: boolean): void {
    if (!isBusy) closeSync(this.#fd);
  }

  #rotate(): void {
    const fresh = this.#freeName();
    try {
      renameSync(this.name, fresh);
      const next = openSync(this.name, "a", 0o640);
      closeSync(this.#fd);
      this.#fd = next;
    } catch {
      // Directory not writable or gone: the old descriptor still works, and the next full turn tries again.
    }
    this.#size = 0;
    this.#prune();
  }

  #freeName(): string {
    const end = extname(this.name);
    const stem = this.name.slice(0, this.name.length - end.length);
    const taken = new Set(this.#rotated());
    let at = this.#clock.now();
    // Two rotations within one millisecond must not overwrite each other.
    while (taken.has(basename(`${stem}-${timestamp(new Date(at))}${end}`))) at++;
    return `${stem}-${timestamp(new Date(at))}${end}`;
  }

  #prune(): void {
    const rotated = this.#rotated();
    for (const old of rotated.slice(0, Math.max(rotated.length - this.#maxFiles, 0))) {
      try {
        unlinkSync(join(dirname(this.name), old));
      } catch {
        // Somebody else removed it, or may not be removed; the next rotation tries again.
      }
    }
  }

  /** Names of the rotated files, oldest first. */
  #rotated(): readonly string[] {
    const end = extname(this.name);
    const stem = `${basename(this.name, end)}-`;
    try {
      return readdirSync(dirname(this.name))
        .filter(
          (name) =>
            name.startsWith(stem) &&
            name.endsWith(end) &&
            isTimestamp(name.slice(stem.length, name.length - end.length)),
        )
        .sort();
    } catch {
      // The directory is gone; nothing to count.
      return [];
    }
  }
}

function fileError(path: string, cause: unknown): Error {
  const reason = (cause as NodeJS.ErrnoException).code ?? "unknown";
  return createError(loggerErrors, "KINGLET_ERR_LOGGER_FILE", { path, reason }, { cause });
}

function isTimestamp(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}$/.test(text);
}

function timestamp(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}-${two(date.getMinutes())}-${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
