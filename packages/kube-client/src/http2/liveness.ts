import type { Clock, ClockTimer } from "@kinglet/lifecycle";

/** As client-go (`ReadIdleTimeout`, `PingTimeout`): after this much silence a ping, which has to be answered in so much time. */
const QUIET_MS = 30_000;
const PONG_MS = 15_000;
/** A connection that carries nothing is closed. */
const IDLE_MS = 90_000;

/** What a connection does about silence. */
export interface LivenessHandler {
  /** Nothing came for 30 s although something is under way: ask. */
  onQuiet(): void;
  /** Nothing came for 15 s more. */
  onDead(quietMs: number): void;
  /** Nothing was under way for 90 s. */
  onIdle(): void;
}

/** Tells a quiet connection from a dead one, with one timer at a time that is moved only when it fires: a busy connection does not re-arm it. */
export class Liveness {
  readonly #clock: Clock;
  readonly #handler: LivenessHandler;
  #timer: ClockTimer | undefined;
  #lastHeardMs = 0;
  #askedAtMs: number | undefined;

  constructor(clock: Clock, handler: LivenessHandler) {
    this.#clock = clock;
    this.#handler = handler;
  }

  heard(): void {
    this.#lastHeardMs = this.#clock.monotonicMs();
  }

  /** Something is under way from now on. */
  watch(): void {
    this.#timer?.cancel();
    this.#askedAtMs = undefined;
    this.heard();
    this.#look(QUIET_MS);
  }

  /** Nothing is under way any more. The process may end meanwhile. */
  rest(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.startTimer(() => this.#handler.onIdle(), IDLE_MS);
    this.#timer.unref();
  }

  end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(delayMs: number): void {
    this.#timer = this.#clock.startTimer(() => {
      const nowMs = this.#clock.monotonicMs();
      const quietMs = nowMs - this.#lastHeardMs;
      if (this.#askedAtMs !== undefined && this.#lastHeardMs < this.#askedAtMs) {
        this.#handler.onDead(quietMs);
        return;
      }
      this.#askedAtMs = undefined;
      if (quietMs < QUIET_MS) {
        this.#look(Math.ceil(QUIET_MS - quietMs));
        return;
      }
      this.#askedAtMs = nowMs;
      this.#look(PONG_MS);
      this.#handler.onQuiet();
    }, delayMs);
  }
}
