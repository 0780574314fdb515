import type { BlindInterval } from "../source-health.ts";

const maxIntervals = 16;

/**
 * The times in which nobody can say what happened, oldest first; at most one lasts.
 *
 * @internal
 */
export class BlindTimes {
  #intervals: BlindInterval[] = [];
  #isOpen = false;

  get list(): readonly BlindInterval[] {
    return [...this.#intervals];
  }

  /** Begins one; while one lasts this changes nothing, for the first reason is the one that counts. */
  begin(fromMs: number, reason: string): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#add({ fromMs, untilMs: undefined, reason });
  }

  /** Ends the one that lasts, if one does. */
  end(untilMs: number): void {
    const last = this.#intervals.at(-1);
    if (!this.#isOpen || last === undefined) return;
    this.#isOpen = false;
    // The wall clock may have been set back meanwhile.
    this.#intervals[this.#intervals.length - 1] = { ...last, untilMs: Math.max(untilMs, last.fromMs) };
  }

  /** Adds one that is over. */
  record(interval: BlindInterval & { readonly untilMs: number }): void {
    // The one that lasts stays the last.
    const open = this.#isOpen ? this.#intervals.pop() : undefined;
    this.#add(interval);
    if (open !== undefined) this.#add(open);
  }

  #add(interval: BlindInterval): void {
    this.#intervals = [...this.#intervals, interval].slice(-maxIntervals);
  }
}
