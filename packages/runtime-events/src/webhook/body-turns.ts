/**
 * Lets a few through at a time, first come, first served: of each large body one large part is held, and there may be as many bodies as connections.
 *
 * @internal
 */
export class BodyTurns {
  #free: number;
  /** Who waits, in order of arrival. */
  readonly #waiting: Set<() => void> = new Set();

  constructor(maxTurns: number) {
    this.#free = maxTurns;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Calls back once when it is the caller's turn, at once when one is free.
   *
   * @returns ends the turn, or the wait for it; to be called once.
   */
  take(onTurn: () => void): () => void {
    let hasTurn = false;
    const begin = (): void => {
      hasTurn = true;
      onTurn();
    };
    if (this.#free > 0) {
      this.#free -= 1;
      begin();
    } else this.#waiting.add(begin);
    return () => {
      if (!hasTurn) {
        this.#waiting.delete(begin);
        return;
      }
      for (const next of this.#waiting) {
        this.#waiting.delete(next);
        next();
        return;
      }
      this.#free += 1;
    };
  }
}
