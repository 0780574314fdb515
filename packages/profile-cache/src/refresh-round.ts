import type { Clock } from "@kinglet/lifecycle";

import type { BoundObject } from "./profile-binding.ts";

/**
 * What one tick has fetched again, from the tick to the last answer. A tick that finds the one before under way adds to it.
 *
 * @internal
 */
export class RefreshRound {
  readonly #clock: Clock;
  readonly #onEnd: (durationMs: number) => void;
  /** Objects that were not fetched again yet. */
  #left = 0;
  #startedMs = 0;

  constructor(clock: Clock, onEnd: (durationMs: number) => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  begin(): void {
    if (this.#left === 0) this.#startedMs = this.#clock.monotonicMs();
  }

  enter(source: BoundObject): void {
    if (source.isInRound) return;
    source.isInRound = true;
    this.#left += 1;
  }

  /** The object was fetched, or is not needed any more. */
  leave(source: BoundObject): void {
    if (!source.isInRound) return;
    source.isInRound = false;
    this.#left -= 1;
    this.endIfEmpty();
  }

  /** Ends a tick with nothing to fetch. */
  endIfEmpty(): void {
    if (this.#left === 0) this.#onEnd(this.#clock.monotonicMs() - this.#startedMs);
  }
}
