import type { Clock } from "@kinglet/lifecycle";

/** Looked at together: the clock is asked once for as many events. */
const windowEvents = 4_096;
/** What a window takes at 4,000 events a second, milliseconds. */
const windowMs = 1_024;
/** In a row: a burst of a few seconds, or a short file that is read at the start, is no load. */
const busyWindows = 5;

/**
 * Tells once when events come fast for seconds: from 4,000 a second on, over 20,480 events.
 *
 * An agent that has little to do is better off without V8's optimiser, whose code and working memory stay with the process (7 MB); one that has much to do is not.
 * Counting costs an addition an event and no timer.
 *
 * @internal
 */
export class EventPace {
  readonly #onBusy: () => void;
  readonly #clock: Clock;
  /** Until the window is full; 0: it has been told. */
  #left = windowEvents;
  #windows = 0;
  #sinceMs: number;

  constructor(options: { readonly onBusy: () => void; readonly clock: Clock }) {
    this.#onBusy = options.onBusy;
    this.#clock = options.clock;
    this.#sinceMs = options.clock.monotonicMs();
  }

  /** One event has come. */
  count(): void {
    if (this.#left === 0) return;
    this.#left -= 1;
    if (this.#left === 0) this.#closeWindow();
  }

  #closeWindow(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#windows = nowMs - this.#sinceMs <= windowMs ? this.#windows + 1 : 0;
    this.#sinceMs = nowMs;
    if (this.#windows === busyWindows) this.#onBusy();
    else this.#left = windowEvents;
  }
}
