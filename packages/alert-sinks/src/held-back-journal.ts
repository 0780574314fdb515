import { rename, unlink } from "node:fs";
import { promisify } from "node:util";
import { AppendFile, encodeLine, readLines } from "@kinglet/durable-files";
import { createError } from "@kinglet/errors";
import type { Logger } from "@kinglet/logger";
import type { Counter, Metrics } from "@kinglet/metrics";

import type { HeldBackChanges, HeldBackWindow } from "./alert-budget.ts";
import { alertSinksErrors } from "./errors.ts";
import { unwritable } from "./unwritable.ts";
import { isHeldBackLine, type HeldBackLine } from "./held-back-line.ts";
import { heldBackFailures } from "./metrics.ts";

/** @public */
export interface HeldBackJournalOptions {
  /** A file of this process alone; `PATH.old` and `PATH.damaged` belong to it. Made with the first entry, mode 0600. */
  readonly path: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Bytes of a file, of which there are two; with 256 KiB at least the last 10,000 alerts are known again. @defaultValue 262144 */
  readonly maxBytes?: number;
}

interface Waiting {
  readonly sequence: number;
  readonly done: (sequence: number) => void;
}

/** 48 bits: among 20,000 alerts two are taken for one another once in a million times. */
const idLength = 12;
/** Ids that could not be written and are tried again. */
const maxUnwritten = 10_000;
/** Events that wait for one write; a disk that hangs must not hold up more. */
const maxWaiting = 65_536;

/**
 * The numbers of alerts that a budget held back, on disk: a summary names the right number also when the process was killed before it told.
 *
 * Each write holds the present numbers of all windows that changed and the ids of the alerts counted in them, so an event that a source reads
 * again after a crash is not counted twice. What comes during a write goes into the next one.
 *
 * Guarantees: what {@link HeldBackJournal.whenKept} called back for is in a summary of this process or a later one, exactly once as long as
 * the source reads again no more alerts than are remembered; beyond that the number may be too high, never too low. A disk that
 * fails holds nothing up: it is counted and logged once, and the next write holds everything again. A damaged file is moved aside, and what
 * of it can be read is used.
 *
 * Cost: one write and one sync for all alerts that were held back meanwhile, about 20 bytes each; nothing while none is.
 *
 * @public
 */
export class HeldBackJournal {
  readonly #options: HeldBackJournalOptions;
  readonly #maxBytes: number;
  readonly #failures: Counter;
  /** Windows on disk whose summary was not told, by id. */
  readonly #open = new Map<string, HeldBackWindow>();
  /** Of alerts that an earlier process counted and that may come again. */
  readonly #former = new Set<string>();
  #take: () => HeldBackChanges = () => ({ windows: [], gone: [] });
  #file: AppendFile | undefined;
  #size = 0;
  /** The next write begins with everything that is known. */
  #isWhole = false;
  #ids: string[] = [];
  #gone: string[] = [];
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #isFailing = false;

  private constructor(options: HeldBackJournalOptions) {
    this.#options = options;
    this.#maxBytes = options.maxBytes ?? 262_144;
    this.#failures = options.metrics.counter(heldBackFailures);
  }

  /** Reads what an earlier process left. Never rejects: what cannot be read is moved aside and logged. */
  static async open(options: HeldBackJournalOptions): Promise<HeldBackJournal> {
    const journal = new HeldBackJournal(options);
    await journal.#read(`${options.path}.old`);
    journal.#size = await journal.#read(options.path);
    // What could be read of a damaged file is in no other one yet.
    if (journal.#isWhole) {
      const ids = [...journal.#former];
      await journal.#append({ windows: [], gone: [], ids }).catch((error: unknown) => journal.#failed(error));
    }
    return journal;
  }

  /** Windows of an earlier process whose summaries were not told. */
  get restored(): readonly HeldBackWindow[] {
    return [...this.#open.values()];
  }

  /** True while something is not on disk yet. */
  get isPending(): boolean {
    return this.#ids.length > 0 || this.#waiting.length > 0 || this.#writing !== undefined;
  }

  /** @param take - gives what changed since it was asked last. */
  follow(take: () => HeldBackChanges): void {
    this.#take = take;
  }

  /** True when an earlier process counted this alert; once. */
  wasCounted(uniqueId: string): boolean {
    return this.#former.size > 0 && this.#former.delete(uniqueId.slice(0, idLength));
  }

  /** The alert is counted in a window that the next changes hold. */
  counted(uniqueId: string): void {
    if (this.#ids.length < maxUnwritten) this.#ids.push(uniqueId.slice(0, idLength));
    this.#write();
  }

  /** Calls back with the sequence once everything up to now is on disk, or cannot be written. */
  whenKept(sequence: number, done: (sequence: number) => void): void {
    if (this.#waiting.length >= maxWaiting) {
      this.#failures.add();
      done(sequence);
      return;
    }
    this.#waiting.push({ sequence, done });
    this.#write();
  }

  /** The summary with this id has left. Unknown ids are ignored. */
  told(id: string): void {
    if (!this.#open.has(id)) return;
    this.#gone.push(id);
    this.#write();
  }

  /** Writes what is not on disk yet. The files go when everything is told: a later process has nothing to take over then. */
  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
    if (this.#open.size > 0 || this.#isFailing) return;
    for (const path of [this.#options.path, `${this.#options.path}.old`]) {
      await promisify(unlink)(path).catch(() => {
        // It was never made; or it stays, and the next process reads that all is told.
      });
    }
  }

  #write(): void {
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    // What the same event, or the same turn, brings goes into the same write.
    await Promise.resolve();
    while (this.#ids.length > 0 || this.#gone.length > 0 || this.#waiting.length > 0) {
      const { windows, gone } = this.#take();
      for (const window of windows) this.#open.set(window.id, window);
      const ids = this.#ids.splice(0);
      const left = [...gone, ...this.#gone.splice(0)];
      const waiting = this.#waiting.splice(0);
      for (const id of left) this.#open.delete(id);
      try {
        await this.#append({ windows, gone: left, ids });
        this.#isFailing = false;
      } catch (error) {
        this.#ids = [...ids, ...this.#ids].slice(0, maxUnwritten);
        this.#gone = [...left, ...this.#gone];
        this.#failed(error);
        for (const { sequence, done } of waiting) done(sequence);
        // The next alert that is held back tries again: no timer.
        break;
      }
      for (const { sequence, done } of waiting) done(sequence);
    }
    // In the same turn as the last look at the lists: whoever comes from now on begins anew.
    this.#writing = undefined;
  }

  async #append(line: HeldBackLine): Promise<void> {
    if (this.#size > this.#maxBytes) await this.#rotate();
    const all: HeldBackLine = this.#isWhole ? { ...line, windows: [...this.#open.values()] } : line;
    this.#file ??= await AppendFile.open(this.#options.path, this.#size);
    await this.#file.append(Buffer.from(encodeLine(all), "utf8"));
    await this.#file.sync();
    this.#size = this.#file.size;
    this.#isWhole = false;
  }

  /** The older file goes: the newer one begins with everything that is not told. */
  async #rotate(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
    await promisify(rename)(this.#options.path, `${this.#options.path}.old`).catch((error: unknown) => {
      // Somebody removed it; the new one holds everything again.
      if ((error as { readonly code?: unknown }).code !== "ENOENT") throw error;
    });
    this.#size = 0;
    this.#isWhole = true;
  }

  #failed(error: unknown): void {
    const file = this.#file;
    this.#file = undefined;
    void file?.close();
    // What the failed line was to hold is in no file.
    this.#isWhole = true;
    this.#failures.add();
    if (this.#isFailing) return;
    this.#isFailing = true;
    const message = "the number of alerts held back is in memory only: a crash would lose it";
    this.#options.logger.error(message, { error: unwritable(this.#options.path, error) });
  }

  async #read(path: string): Promise<number> {
    try {
      let foreign = 0;
      const read = await readLines(path, 0, (record) => {
        if (!isHeldBackLine(record)) {
          foreign += 1;
          return true;
        }
        const { windows, gone, ids } = record;
        for (const window of windows) this.#open.set(window.id, window);
        for (const id of gone) this.#open.delete(id);
        for (const id of ids) this.#former.add(id);
        return true;
      });
      const damaged = read.damaged + foreign;
      if (damaged === 0) return read.endOffset;
      await this.#moveAside(path, damaged);
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== "ENOENT") await this.#moveAside(path, 0, error);
    }
    return 0;
  }

  async #moveAside(path: string, damaged: number, cause?: unknown): Promise<void> {
    this.#isWhole = true;
    const error = createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_STATE_DAMAGED", { path, damaged }, { cause });
    this.#options.logger.error("the number of alerts held back may be too low", { error });
    await promisify(rename)(path, `${this.#options.path}.damaged`).catch(() => {});
  }
}
