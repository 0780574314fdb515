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

  take(nowMs: number): boolean {
    if (nowMs >= this.#endsMs) {
      this.#endsMs = nowMs + this.#windowMs;
      this.#count = 0;
    }
    if (this.#count >= this.#max) return false;
    this.#count++;
    return true;
  }
}
