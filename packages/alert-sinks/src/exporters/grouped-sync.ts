import type { Clock, ClockTimer } from "@kinglet/lifecycle";

/** @internal */
export interface GroupedSyncOptions {
  readonly clock: Clock;
  /** Milliseconds that what was written may wait for others. */
  readonly intervalMs: number;
  /** False once nothing of what was written matters any more. */
  readonly isNeeded: () => boolean;
  /** Makes what was written before the call survive a power cut. */
  readonly sync: () => Promise<void>;
  /** The last sync failed (its error), or succeeded again (undefined). */
  readonly onResult: (error: unknown) => void;
}

/**
 * Brings what was written to the disk itself, together for all that is written within an interval.
 *
 * Guarantees: what is needed is synced at most an interval after it was written, and one sync after the last one ended; never two at a time; nobody
 * waits for it. One that failed is tried again after an interval. No timer while nothing is unsynced.
 *
 * @internal
 */
export class GroupedSync {
  readonly #options: GroupedSyncOptions;
  #timer: ClockTimer | undefined;
  #running: Promise<void> | undefined;
  #isWrittenMeanwhile = false;

  constructor(options: GroupedSyncOptions) {
    this.#options = options;
  }

  /** Something was written that a power cut must not cost. */
  written(): void {
    if (this.#running !== undefined) {
      this.#isWrittenMeanwhile = true;
      return;
    }
    if (this.#timer !== undefined) return;
    this.#timer = this.#options.clock.startTimer(() => {
      this.#timer = undefined;
      if (this.#options.isNeeded()) void this.#run();
    }, this.#options.intervalMs);
    // What matters at the end is synced by whoever ends.
    this.#timer.unref();
  }

  /** Nothing of what was written matters any more. */
  settled(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isWrittenMeanwhile = false;
  }

  /** The last sync, at the end: of what is needed, and of what is under way. Never rejects. */
  async close(): Promise<void> {
    this.settled();
    await this.#running;
    if (this.#options.isNeeded()) await this.#run();
    this.settled();
  }

  #run(): Promise<void> {
    const { sync, onResult, isNeeded } = this.#options;
    this.#running = sync()
      .then(
        () => onResult(undefined),
        (error: unknown) => {
          // Not on the disk yet: again after an interval, also when nothing more is written.
          this.#isWrittenMeanwhile ||= isNeeded();
          onResult(error);
        },
      )
      .finally(() => {
        this.#running = undefined;
        if (!this.#isWrittenMeanwhile) return;
        this.#isWrittenMeanwhile = false;
        this.written();
      });
    return this.#running;
  }
}
