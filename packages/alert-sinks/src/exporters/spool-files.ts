import { readdir, rename, unlink, writeFile } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { encodeLine, makeFolder, readLines, type ReadLines, syncFolder } from "@kinglet/durable-files";
import { createError } from "@kinglet/errors";
import type { Logger } from "@kinglet/logger";

import { alertSinksErrors } from "../errors.ts";

/** @internal */
export interface SpoolFilesOptions {
  /** It and the one above it are made when they are needed, mode 0700. */
  readonly folder: string;
  readonly logger: Logger;
  /** So many records at least cannot be read any more. */
  readonly onDamaged: (count: number) => void;
}

/**
 * The numbered files of a spool in their folder: `NUMBER.spool`, and `NUMBER.damaged` for the last one that was moved aside.
 *
 * @internal
 */
export class SpoolFiles {
  readonly #options: SpoolFilesOptions;

  constructor(options: SpoolFilesOptions) {
    this.#options = options;
  }

  path(number: number, suffix = "spool"): string {
    return `${this.#options.folder}/${String(number).padStart(10, "0")}.${suffix}`;
  }

  /** Numbers of the files that are there, lowest first. */
  async numbers(): Promise<number[]> {
    const names = await promisify(readdir)(this.#options.folder).catch((error: unknown) => {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    });
    const numbers = names.filter((name) => /^\d{10}\.spool$/.test(name)).map((name) => Number.parseInt(name, 10));
    return numbers.toSorted((a, b) => a - b);
  }

  /**
   * Reads a whole file. One with damaged records is moved aside and written anew without them.
   *
   * @returns undefined when it could not be read at all; it is moved aside then.
   */
  async scan(number: number, onRecord: (record: unknown) => void): Promise<ReadLines | undefined> {
    let lines: ReadLines;
    try {
      lines = await readLines(this.path(number), 0, (record) => {
        onRecord(record);
        return true;
      });
    } catch (error) {
      await this.#moveAside(number, 0, error);
      return undefined;
    }
    return lines.damaged > 0 ? this.#repair(number, lines.damaged) : lines;
  }

  /** Alerts that were to be there are not, or cannot be read. */
  reportDamage(number: number, damaged: number, cause?: unknown): void {
    const { logger, onDamaged } = this.#options;
    const details = { path: this.path(number), damaged };
    const error = createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_STATE_DAMAGED", details, { cause });
    logger.error("alerts that waited for their receiver cannot be read", { error });
    onDamaged(Math.max(1, damaged));
  }

  makeFolder(): void {
    makeFolder(this.#options.folder, 0o700);
  }

  /** Names of files that were made survive a power cut. */
  async syncFolder(): Promise<void> {
    const { folder } = this.#options;
    for (const path of [folder, dirname(folder)]) await syncFolder(path);
  }

  async remove(number: number): Promise<void> {
    await promisify(unlink)(this.path(number)).catch((error: unknown) => {
      if (codeOf(error) !== "ENOENT") throw error;
    });
  }

  /** Keeps the file as it is under another name, and goes on with what of it can be read. */
  async #repair(number: number, damaged: number): Promise<ReadLines> {
    const path = this.path(number);
    let kept = "";
    await readLines(path, 0, (record) => {
      kept += encodeLine(record);
      return true;
    });
    // Written first: when there is no room for it, the next attempt finds everything as it was.
    await promisify(writeFile)(`${path}.new`, kept, { mode: 0o600 });
    await this.#moveAside(number, damaged);
    await promisify(rename)(`${path}.new`, path);
    return { endOffset: Buffer.byteLength(kept), damaged };
  }

  async #moveAside(number: number, damaged: number, cause?: unknown): Promise<void> {
    const { folder } = this.#options;
    for (const name of await promisify(readdir)(folder)) {
      if (/^\d{10}\.damaged$/.test(name)) await promisify(unlink)(`${folder}/${name}`).catch(() => {});
    }
    await promisify(rename)(this.path(number), this.path(number, "damaged")).catch(() => {});
    this.reportDamage(number, damaged, cause);
  }
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}
