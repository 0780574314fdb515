/**
 * At most so many calls at a time; the others wait their turn, first come, first served.
 *
 * Each parallel call over HTTP/1.1 is a TLS connection of its own: a hundred profiles asked for at once would be a hundred of them.
 */
export class CallSlots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  /** @param limit - 1 or more. */
  constructor(limit: number) {
    this.#free = limit;
  }

  /** Resolves with the function that gives the slot back, which may be called twice. @throws the signal's reason. */
  async take(signal: AbortSignal | undefined): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#giveBack();
    };
  }

  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const proceed = (): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.delete(proceed);
        reject(signal?.reason as Error);
      };
      if (signal?.aborted === true) {
        onAbort();
        return;
      }
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(proceed);
    });
  }
}
