import type { Clock, ClockTimer } from "@kinglet/lifecycle";

/**
 * Notices that a stream that should be busy is silent: calls back once per interval in which `heard` was not called, with the number of such intervals in a
 * row. One timer per interval, none per event.
 */
export class SilenceGuard implements Disposable {
  #timer: ClockTimer;
  #silent = 0;
  #hasHeard = false;

  constructor(clock: Clock, intervalMs: number, onSilence: (intervals: number) => void) {
    const look = (): void => {
      this.#timer = clock.startTimer(look, intervalMs);
      this.#silent = this.#hasHeard ? 0 : this.#silent + 1;
      this.#hasHeard = false;
      if (this.#silent > 0) onSilence(this.#silent);
    };
    this.#timer = clock.startTimer(look, intervalMs);
  }

  heard(): void {
    this.#hasHeard = true;
  }

  /** No call-back any more; safe to call twice. */
  [Symbol.dispose](): void {
    this.#timer.cancel();
  }
}
