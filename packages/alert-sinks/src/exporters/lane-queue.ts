import type { Alert } from "@kinglet/detection";
import type { AlertSpool } from "./alert-spool.ts";

/** An alert on its way to one receiver. @internal */
export interface LaneEntry {
  readonly alert: Alert;
  /** When it came; -Infinity for one that waited on disk: it need not wait for others. */
  readonly atMs: number;
  /** Its number in the spool; 0 for one that is in memory only. */
  readonly position: number;
}

/** @internal */
export interface LaneQueueOptions {
  /** Alerts in memory; beyond it the oldest that is nowhere else gives way. */
  readonly maxEntries: number;
  /** Alerts that are taken from disk at a time, and that stay in memory although they are on disk. */
  readonly maxTaken: number;
  readonly spool: AlertSpool | undefined;
  readonly onOverflow: () => void;
  /** An alert could not be written (its error), or could again (undefined). */
  readonly onSpool: (error: unknown) => void;
}

/**
 * What waits for one receiver: the first alerts in memory and, with a spool, all of them on disk.
 *
 * Guarantees: in order, except that what a full disk did not take comes before what waits there; never more than `maxEntries` in memory.
 *
 * @internal
 */
export class LaneQueue {
  readonly #options: LaneQueueOptions;
  /** Spent slots before the head are undefined, so that nothing keeps their alerts. */
  #entries: (LaneEntry | undefined)[] = [];
  #head = 0;

  constructor(options: LaneQueueOptions) {
    this.#options = options;
  }

  /** Alerts that wait, those on disk included. */
  get size(): number {
    return this.ready + (this.#options.spool?.unread ?? 0);
  }

  /** Alerts in memory. */
  get ready(): number {
    return this.#entries.length - this.#head;
  }

  /** Alerts that are nowhere else. */
  get inMemoryOnly(): number {
    return this.#entries.filter((entry) => entry?.position === 0).length;
  }

  get oldest(): LaneEntry | undefined {
    return this.#entries[this.#head];
  }

  /** Adds an alert; with a spool, resolves once it is on disk, or in memory when that fails. Never rejects. */
  offer(alert: Alert, atMs: number): void | Promise<void> {
    const { spool } = this.#options;
    if (spool === undefined) return this.#push({ alert, atMs, position: 0 });
    return spool
      .append(alert, () => this.ready < this.#options.maxTaken)
      .then(
        ({ position, isTaken }) => {
          if (isTaken) this.#push({ alert, atMs, position });
          this.#options.onSpool(undefined);
        },
        (error: unknown) => {
          this.#push({ alert, atMs, position: 0 });
          this.#options.onSpool(error);
        },
      );
  }

  /** Reads from disk once nothing is left in memory. @returns undefined when there is nothing to wait for. */
  refill(): Promise<void> | undefined {
    const { spool, maxTaken } = this.#options;
    if (spool === undefined || this.ready > 0 || spool.unread === 0) return undefined;
    return spool.read(maxTaken).then((alerts) => {
      for (const { alert, position } of alerts) this.#entries.push({ alert, atMs: -Infinity, position });
    });
  }

  take(count: number): LaneEntry[] {
    const end = Math.min(this.#head + count, this.#entries.length);
    const taken: LaneEntry[] = [];
    for (; this.#head < end; this.#head++) {
      const entry = this.#entries[this.#head];
      if (entry !== undefined) taken.push(entry);
      this.#entries[this.#head] = undefined;
    }
    // Spent slots go when they are the larger half: removal stays O(1) amortised.
    if (this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  #push(entry: LaneEntry): void {
    // Those that are on disk as well are few.
    if (entry.position === 0 && this.ready >= this.#options.maxEntries) {
      this.#options.onOverflow();
      const at = this.#entries.findIndex((one) => one?.position === 0);
      if (at === -1) return;
      if (at === this.#head) this.take(1);
      else this.#entries.splice(at, 1);
    }
    this.#entries.push(entry);
  }
}
