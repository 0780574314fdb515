import { assertAtLeast } from "./assert-at-least.ts";
import type { Clock, ClockTimer } from "./clock.ts";

interface PendingTimer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/**
 * A clock for tests: time stands still until it is moved by hand.
 *
 * Guarantees: timers run in order of their due time, ties in order of their start; while a timer runs, the clock shows exactly
 * its due time; timers that are started on the way run too when they fall into the interval.
 *
 * @public
 */
export class ManualClock implements Clock {
  #now: number;
  #monotonicMs = 0;
  readonly #timers = new Set<PendingTimer>();

  /**
   * @param options - `now`: wall-clock time at the start, milliseconds since 1970, default 2026-01-01T00:00:00Z.
   */
  constructor(options: { readonly now?: number } = {}) {
    this.#now = options.now ?? 1_767_225_600_000;
  }

  /** How many timers wait; 0 means that the part under test is idle. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer runs; undefined when none waits. */
  get nextTimerInMs(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.dueMs - this.#monotonicMs;
  }

  now(): number {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  startTimer(callback: () => void, delayMs: number): ClockTimer {
    const timer = { dueMs: this.#monotonicMs + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
      },
      unref: () => {},
    };
  }

  /**
   * Moves time forward and runs what falls due; promises settle between timers.
   *
   * @param ms - 0 or more; 0 runs what is due now and lets promises settle.
   */
  async advance(ms: number): Promise<void> {
    assertAtLeast("ms", ms, 0);
    const endMs = this.#monotonicMs + ms;
    await settle();
    for (let timer = this.#next(); timer !== undefined && timer.dueMs <= endMs; timer = this.#next()) {
      this.#moveTo(timer.dueMs);
      this.#timers.delete(timer);
      timer.callback();
      await settle();
    }
    this.#moveTo(endMs);
  }

  /** Sets the wall clock as an administrator or a time service would; monotonic time and timers do not notice. */
  setNow(now: number): void {
    this.#now = now;
  }

  #moveTo(monotonicMs: number): void {
    // Two overlapping calls of `advance` must not turn time back.
    const stepMs = Math.max(0, monotonicMs - this.#monotonicMs);
    this.#monotonicMs += stepMs;
    this.#now += stepMs;
  }

  #next(): PendingTimer | undefined {
    let next: PendingTimer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.dueMs < next.dueMs) next = timer;
    }
    return next;
  }
}

/** One turn of the event loop: every chain of already settled promises has run when it ends. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
