/**
 * So many in each window, not one more: the window starts with its first alert, and what exceeds it is refused until it ends.
 *
 * @internal
 */
export class RateWindow {
  readonly #max: number;
  readonly #windowMs: number;
  #endsMs = -Infinity;
  #count = 0;

  constructor(max: number, windowMs: number) {
    this.#max = max;
    this.#windowMs = windowMs;
  }

  /** When the present window ends. */
  get endsMs(): number {
    return this.#endsMs;
  }

  /** How many may still pass. */
  left(nowMs: number): number {
    return nowMs >= this.#endsMs ? this.#max : this.#max - this.#count;
  }

  /** @param count - 1 or more; all of them or none. */
  take(nowMs: number, count = 1): boolean {
    if (nowMs >= this.#endsMs) {
      this.#endsMs = nowMs + this.#windowMs;
      this.#count = 0;
    }
    if (this.#count + count > this.#max) return false;
    this.#count += count;
    return true;
  }
}
