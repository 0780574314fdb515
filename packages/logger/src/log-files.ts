import type { Clock } from "@kinglet/lifecycle";
import type { LineWriter } from "./line-writer.ts";
import { openRotatingFile, realPath, type LogFileOptions } from "./rotating-file.ts";

/**
 * One writer per real path, however many loggings of a process write to it: two writers would rotate each other's file away.
 *
 * @public
 */
export class LogFiles {
  readonly #open = new Map<string, { readonly writer: LineWriter; users: number }>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Number of open files. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * The writer of this path; the size and count of the first opener hold.
   *
   * Synchronous from look-up to insertion, so two callers can never open the same path twice.
   *
   * @returns the shared writer and a function that gives it back; the last one closes the file.
   * @throws `KINGLET_ERR_LOGGER_FILE`.
   */
  open(options: LogFileOptions): { readonly writer: LineWriter; release(): Promise<void> } {
    const path = realPath(options.path);
    let entry = this.#open.get(path);
    if (entry === undefined) {
      entry = { writer: openRotatingFile(options, this.#clock), users: 0 };
      this.#open.set(path, entry);
    }
    entry.users++;
    const shared = entry;
    let isReleased = false;
    return {
      writer: shared.writer,
      release: async () => {
        if (isReleased) return;
        isReleased = true;
        shared.users--;
        if (shared.users > 0) {
          await shared.writer.flush();
          return;
        }
        this.#open.delete(path);
        await shared.writer[Symbol.asyncDispose]();
      },
    };
  }
}
