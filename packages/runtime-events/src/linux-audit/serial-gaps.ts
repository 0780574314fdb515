/** What was found to be missing. @internal */
export interface SerialLoss {
  readonly count: number;
  /** Times of the events around it, milliseconds since 1970. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A later event may overtake an earlier one by so many numbers and so much time. */
const windowSize = 1024;
const settleMs = 5000;
/** More missing at once is no loss that could be counted: the records come from another boot, or from a damaged line. */
const maxGap = 65_536;

/**
 * Works out from the kernel's serial numbers how many events never arrived.
 *
 * An estimate: events that the kernel could not even begin take no number, and numbers are taken for records that rules exclude.
 *
 * @internal
 */
export class SerialGaps {
  readonly #onLoss: (loss: SerialLoss) => void;
  /** Numbers that were passed over: when, and the time of the event in front of them. */
  readonly #missing: Map<number, { readonly sinceMs: number; readonly fromMs: number }> = new Map();
  #highest = -1;
  #highestTimeMs = 0;

  constructor(onLoss: (loss: SerialLoss) => void) {
    this.#onLoss = onLoss;
  }

  /** Numbers that may still come. */
  get pending(): number {
    return this.#missing.size;
  }

  /** An event with this number arrived; repeats are fine. */
  seen(serial: number, timeMs: number): void {
    if (serial === this.#highest) return;
    const step = serial - this.#highest;
    if (this.#highest < 0 || step > maxGap || step < -maxGap) {
      this.#restart(serial, timeMs);
      return;
    }
    if (step < 0) {
      // Much later and yet smaller: the count began again.
      if (timeMs > this.#highestTimeMs + settleMs) this.#restart(serial, timeMs);
      else this.#missing.delete(serial);
      return;
    }
    if (step > windowSize) this.#lose(step - 1, this.#highestTimeMs, timeMs);
    else {
      const gap = { sinceMs: timeMs, fromMs: this.#highestTimeMs };
      for (let missing = this.#highest + 1; missing < serial; missing++) this.#missing.set(missing, gap);
    }
    this.#highest = serial;
    if (timeMs > this.#highestTimeMs) this.#highestTimeMs = timeMs;
    if (this.#missing.size > 0) this.settle(timeMs);
  }

  /** Counts what is overdue at this time. */
  settle(nowMs: number): void {
    let count = 0;
    let fromMs = 0;
    let untilMs = 0;
    for (const [serial, gap] of this.#missing) {
      if (serial > this.#highest - windowSize && gap.sinceMs + settleMs > nowMs) break;
      this.#missing.delete(serial);
      if (count === 0) fromMs = gap.fromMs;
      count += 1;
      untilMs = gap.sinceMs;
    }
    if (count > 0) this.#lose(count, fromMs, untilMs);
  }

  #restart(serial: number, timeMs: number): void {
    this.#missing.clear();
    this.#highest = serial;
    this.#highestTimeMs = timeMs;
  }

  #lose(count: number, fromMs: number, untilMs: number): void {
    this.#onLoss({ count, fromMs, untilMs });
  }
}
