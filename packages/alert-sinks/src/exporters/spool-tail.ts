import { AppendFile } from "@kinglet/durable-files";
import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";

import { GroupedSync } from "./grouped-sync.ts";
import type { SpoolFiles } from "./spool-files.ts";

/** @internal */
export interface SpoolTailOptions {
  readonly files: SpoolFiles;
  readonly folder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** False once nothing in any file matters any more. */
  readonly isNeeded: () => boolean;
}

/** Milliseconds of alerts that a power cut may cost. */
const syncIntervalMs = 1_000;

/**
 * The file of a spool that grows, and the sync of what is in it: at most once a second, while it is needed, and nobody waits for it.
 *
 * @internal
 */
export class SpoolTail {
  readonly #options: SpoolTailOptions;
  readonly #sync: GroupedSync;
  #file: AppendFile | undefined;
  /** True from the making of a file to the sync of the folder. */
  #isFileNew = false;
  #isSynced = true;
  /** Files that are full and not closed yet. */
  #leaving: Promise<unknown> = Promise.resolve();

  constructor(options: SpoolTailOptions) {
    this.#options = options;
    this.#sync = new GroupedSync({
      clock: options.clock,
      intervalMs: syncIntervalMs,
      isNeeded: options.isNeeded,
      sync: () => this.#syncFiles(),
      onResult: (error) => this.#synced(error),
    });
  }

  /**
   * Appends to this file, which was `size` bytes long.
   *
   * @returns how long it is now.
   */
  async append(number: number, size: number, line: Uint8Array): Promise<number> {
    try {
      this.#file ??= await AppendFile.open(this.#options.files.path(number), size);
      await this.#file.append(line);
      return this.#file.size;
    } catch (error) {
      // Opened anew at the next attempt: the volume may have come back as another.
      const file = this.#file;
      this.#file = undefined;
      await file?.close();
      throw error;
    }
  }

  async empty(number: number, size: number): Promise<void> {
    this.#file ??= await AppendFile.open(this.#options.files.path(number), size);
    await this.#file.truncate(0);
  }

  /** The file is full: it is synced and closed, and nobody waits for it. The next one is new. */
  leave(): void {
    const file = this.#file;
    this.#file = undefined;
    this.#isFileNew = true;
    if (file === undefined) return;
    const isNeeded = this.#options.isNeeded();
    const synced = isNeeded ? file.sync().catch((error: unknown) => this.#synced(error)) : Promise.resolve();
    this.#leaving = Promise.all([this.#leaving, synced.then(() => file.close())]);
  }

  /** What was appended is not to be lost. */
  written(): void {
    this.#sync.written();
  }

  /** Nothing in the files matters any more. */
  settled(): void {
    this.#sync.settled();
  }

  async close(): Promise<void> {
    await this.#sync.close();
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
    await this.#leaving;
  }

  async #syncFiles(): Promise<void> {
    const isFileNew = this.#isFileNew;
    this.#isFileNew = false;
    try {
      await this.#file?.sync();
      if (isFileNew) await this.#options.files.syncFolder();
    } catch (error) {
      this.#isFileNew ||= isFileNew;
      throw error;
    }
  }

  #synced(error: unknown): void {
    const isSynced = error === undefined;
    if (isSynced === this.#isSynced) return;
    this.#isSynced = isSynced;
    const { folder, logger } = this.#options;
    if (isSynced) logger.info("alerts that wait on disk survive a power cut again", { folder });
    else
      logger.warn("alerts that wait on disk may not survive a power cut: the disk cannot be synced", { folder, error });
  }
}
