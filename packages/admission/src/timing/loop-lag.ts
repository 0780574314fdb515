import type { Clock, ClockTimer } from "@kinglet/lifecycle";

/** How often it is looked whether the event loop turns, milliseconds. */
const intervalMs = 25;
/** A beat may be that late without anything being wrong, milliseconds. */
const slackMs = 10;
/** How long it goes on after the last request, milliseconds. */
const lingerMs = 1000;

/**
 * Tells when a request may have arrived.
 *
 * While the event loop is busy, requests wait in the kernel, and the caller's time runs. When one is finally seen, nothing tells how long it has waited;
 * but a timer that runs late tells how long the loop was busy. What is seen while the loop has not beaten for longer than it should is taken to have
 * arrived at the last beat that was in time: too early rather than too late.
 *
 * Beats only while there are requests and a second longer: an idle process has no timer.
 *
 * @internal
 */
export class LoopLag implements Disposable {
  readonly #clock: Clock;
  #timer: ClockTimer | undefined;
  #lastBeatMs = 0;
  /** The loop is known to have turned at that time, and not to have been busy since for longer than the slack. */
  #freeMs = 0;
  #lastTouchMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins to watch the loop; call it for each request, and before work that may take long. */
  touch(): void {
    this.#lastTouchMs = this.#clock.monotonicMs();
    if (this.#timer !== undefined) return;
    this.#lastBeatMs = this.#lastTouchMs;
    this.#freeMs = this.#lastTouchMs;
    this.#arm();
  }

  /** The earliest time, on the monotonic clock, at which something that is seen now may have arrived. */
  arrivalMs(): number {
    const nowMs = this.#clock.monotonicMs();
    if (this.#timer === undefined) return nowMs;
    const sinceBeatMs = nowMs - this.#lastBeatMs;
    const isLate = sinceBeatMs > intervalMs + slackMs;
    const wasLate = this.#freeMs < this.#lastBeatMs;
    return isLate || (wasLate && sinceBeatMs < slackMs) ? this.#freeMs : nowMs;
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    this.#timer = this.#clock.startTimer(() => this.#beat(), intervalMs);
    this.#timer.unref();
  }

  #beat(): void {
    const nowMs = this.#clock.monotonicMs();
    const wasBusy = nowMs - this.#lastBeatMs > intervalMs + slackMs;
    this.#freeMs = wasBusy ? this.#lastBeatMs : nowMs;
    this.#lastBeatMs = nowMs;
    // What waited meanwhile is seen after this.
    if (wasBusy) this.#lastTouchMs = nowMs;
    if (nowMs - this.#lastTouchMs < lingerMs) this.#arm();
    else this.#timer = undefined;
  }
}
