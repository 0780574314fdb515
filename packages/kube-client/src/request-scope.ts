import type { Clock, ClockTimer } from "@kinglet/lifecycle";

/**
 * The signal of one request: fires with the caller's, or when a time limit passes. `end` must be called when the request is over.
 *
 * One timer at a time, moved only when it fires: a busy stream does not re-arm it per chunk.
 */
export class RequestScope {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #clock: Clock;
  #timer: ClockTimer | undefined;
  /** Absent while it is not the server that is waited for. */
  #waitingSinceMs: number | undefined;
  readonly #onEnd: () => void;
  readonly #onOuterAbort = (): void => this.#controller.abort(this.#outer?.reason);

  /** @param onEnd - called by `end`, perhaps more than once. */
  constructor(outer: AbortSignal | undefined, clock: Clock, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#outer = outer;
    this.#clock = clock;
    if (outer?.aborted === true) this.#onOuterAbort();
    else outer?.addEventListener("abort", this.#onOuterAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Replaces the time limit: aborts `ms` from now with the error that `reason` makes. */
  limit(ms: number, reason: () => Error): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.startTimer(() => this.#controller.abort(reason()), ms);
  }

  /** Replaces the time limit: aborts once `startWaiting` was called `ms` ago and `stopWaiting` was not. */
  limitIdle(ms: number, reason: () => Error): void {
    this.startWaiting();
    const arm = (delayMs: number): void => {
      this.#timer = this.#clock.startTimer(() => {
        const sinceMs = this.#waitingSinceMs ?? this.#clock.monotonicMs();
        const leftMs = sinceMs + ms - this.#clock.monotonicMs();
        if (leftMs <= 0) this.#controller.abort(reason());
        else arm(Math.ceil(leftMs));
      }, delayMs);
    };
    this.#timer?.cancel();
    arm(ms);
  }

  startWaiting(): void {
    this.#waitingSinceMs = this.#clock.monotonicMs();
  }

  stopWaiting(): void {
    this.#waitingSinceMs = undefined;
  }

  /** As `end`, for an answer that was not read to its end: it holds its connection until somebody says that nobody will. */
  abandon(): void {
    this.end();
    this.#controller.abort();
  }

  /** Ends the limits and lets go of the caller's signal. */
  end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#outer?.removeEventListener("abort", this.#onOuterAbort);
    this.#onEnd();
  }
}
