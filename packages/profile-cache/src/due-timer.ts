import type { Clock, ClockTimer } from "@kinglet/lifecycle";

/**
 * One timer for everything that is due later.
 *
 * @internal
 */
export class DueTimer {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #timer: ClockTimer | undefined = undefined;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Makes it ring at `dueMs`, monotonic milliseconds, or earlier where it was set so before. */
  arm(dueMs: number): void {
    if (this.#timer !== undefined && this.#dueMs <= dueMs) return;
    this.disarm();
    this.#dueMs = dueMs;
    this.#timer = this.#clock.startTimer(
      () => {
        this.#timer = undefined;
        this.#dueMs = Number.POSITIVE_INFINITY;
        this.#onDue();
      },
      Math.max(0, dueMs - this.#clock.monotonicMs()),
    );
  }

  disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }
}
