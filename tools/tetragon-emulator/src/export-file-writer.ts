import {
  appendFileSync,
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Json } from "./event-codec.ts";

/** Settings of an {@link ExportFileWriter}. */
export interface ExportFileOptions {
  readonly path: string;
  /** @defaultValue 10 MiB, as the agent */
  readonly maxBytes?: number;
  /** Rotated files that are kept. @defaultValue 5 */
  readonly backups?: number;
  /** `rename` is the agent's own way; `copy-truncate` is what logrotate may be told to do. @defaultValue "rename" */
  readonly rotation?: "rename" | "copy-truncate";
  /** Compresses rotated files. */
  readonly gzip?: boolean;
  /** Every n-th line is written in two writes, so that a reader may see half of it; 0 = never. */
  readonly partialEvery?: number;
  /** Every n-th line is cut and the next one follows on the same line, as after a crash; 0 = never. */
  readonly cutEvery?: number;
  /** The disk is full after so many bytes: nothing is written any more, without a word. */
  readonly diskBytes?: number;
  /** Names of rotated files. @defaultValue the system's time */
  readonly now?: () => number;
}

/** The agent's export file: one event a line, mode 600, rotated by size. */
export class ExportFileWriter {
  readonly #options: ExportFileOptions;
  #lines = 0;
  #written = 0;
  #size: number;

  constructor(options: ExportFileOptions) {
    this.#options = options;
    if (!existsSync(options.path)) this.#create();
    this.#size = statSync(options.path).size;
  }

  write(json: Json): void {
    const {
      path,
      maxBytes = 10_485_760,
      partialEvery = 0,
      cutEvery = 0,
      diskBytes = Number.POSITIVE_INFINITY,
    } = this.#options;
    const line = Buffer.from(`${JSON.stringify(json)}\n`);
    if (this.#written + line.length > diskBytes) return;
    if (this.#size > 0 && this.#size + line.length > maxBytes) this.rotate();
    this.#lines += 1;
    const half = line.length >> 1;
    if (cutEvery > 0 && this.#lines % cutEvery === 0) this.#append(path, line.subarray(0, half));
    else if (partialEvery > 0 && this.#lines % partialEvery === 0) {
      this.#append(path, line.subarray(0, half));
      this.#append(path, line.subarray(half));
    } else this.#append(path, line);
  }

  /** Starts a new file. @returns the path of the old content. */
  rotate(): string {
    const { path, rotation = "rename", gzip = false, now = Date.now } = this.#options;
    const time = new Date(now()).toISOString().slice(0, -1).replaceAll(":", "-");
    let target = join(dirname(path), `${basename(path, ".log")}-${time}.log`);
    if (rotation === "rename") {
      renameSync(path, target);
      this.#create();
    } else {
      copyFileSync(path, target);
      chmodSync(target, 0o600);
      truncateSync(path, 0);
    }
    this.#size = 0;
    if (gzip) {
      writeFileSync(`${target}.gz`, gzipSync(readFileSync(target)), { mode: 0o600 });
      rmSync(target);
      target = `${target}.gz`;
    }
    this.#removeOld();
    return target;
  }

  #create(): void {
    closeSync(openSync(this.#options.path, "a", 0o600));
  }

  #append(path: string, bytes: Buffer): void {
    appendFileSync(path, bytes);
    this.#size += bytes.length;
    this.#written += bytes.length;
  }

  #removeOld(): void {
    const { path, backups = 5 } = this.#options;
    const stem = `${basename(path, ".log")}-`;
    const old = readdirSync(dirname(path))
      .filter((name) => name.startsWith(stem))
      .toSorted();
    for (const name of old.slice(0, Math.max(0, old.length - backups))) rmSync(join(dirname(path), name));
  }
}
