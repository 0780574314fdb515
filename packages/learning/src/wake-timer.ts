import type { Clock, ClockTimer } from "@kinglet/lifecycle";

/** Longest delay of a timer; what is due later is looked at again then. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * One timer for the earliest of whatever is due; none while nothing is. It keeps no process alive.
 *
 * @internal
 */
export class WakeTimer {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #timer: ClockTimer | undefined;
  #dueMs: number = Number.POSITIVE_INFINITY;
  #isRunning = false;

  /** @param wake - called once for each due time, with the timer stopped. */
  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** False before {@link WakeTimer.start} and after {@link WakeTimer.stop}: then nothing is woken. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  start(): void {
    this.#isRunning = true;
  }

  stop(): void {
    this.#isRunning = false;
    this.clear();
  }

  /** Whoever was woken, or looks by himself, says anew when to be woken. */
  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  /** @param dueMs - monotonic; later than what is due already, or infinite: nothing changes. */
  wakeAt(dueMs: number): void {
    if (!this.#isRunning || dueMs >= this.#dueMs) return;
    this.clear();
    this.#dueMs = dueMs;
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(0, Math.ceil(dueMs - this.#clock.monotonicMs())));
    this.#timer = this.#clock.startTimer(() => {
      this.clear();
      this.#wake();
    }, delayMs);
    this.#timer.unref();
  }
}
