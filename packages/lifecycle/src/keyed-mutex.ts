/**
 * Mutual exclusion per key: at most one task of a key runs at a time, tasks of different keys do not wait for each other.
 *
 * Guarantees: first come, first served per key; a task that throws frees the key; a caller whose signal fires while it waits
 * leaves the queue at once and its task never starts. Not re-entrant: a task that asks for its own key waits for itself.
 *
 * Cost: one map entry per key in use, none when idle.
 *
 * @public
 */
export class KeyedMutex {
  /** A key is present while it is held; its value is who waits, in order of arrival, made when the first one waits. */
  readonly #held = new Map<string, Set<() => void> | undefined>();

  /** How many keys are held now. */
  get size(): number {
    return this.#held.size;
  }

  /**
   * Runs `task` when no other task of `key` runs.
   *
   * @param key - what is protected.
   * @param task - starts asynchronously, also when the key is free.
   * @param options - `signal`: ends the wait for the key; the running task is not interrupted.
   * @returns what the task returns.
   * @throws the signal's reason while waiting, or what the task throws.
   */
  async runExclusive<T>(
    key: string,
    task: () => Promise<T> | T,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    const { signal } = options;
    signal?.throwIfAborted();
    await this.#acquire(key, signal);
    try {
      // The signal may have fired between the hand-over and this line.
      signal?.throwIfAborted();
      return await task();
    } finally {
      this.#release(key);
    }
  }

  #acquire(key: string, signal: AbortSignal | undefined): Promise<void> | undefined {
    if (!this.#held.has(key)) {
      this.#held.set(key, undefined);
      return undefined;
    }
    let waiting = this.#held.get(key);
    if (waiting === undefined) {
      waiting = new Set();
      this.#held.set(key, waiting);
    }
    const queue = waiting;
    return new Promise((resolve, reject) => {
      const proceed = (): void => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        queue.delete(proceed);
        reject(signal?.reason as Error);
      };
      queue.add(proceed);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  #release(key: string): void {
    const waiting = this.#held.get(key);
    if (waiting !== undefined) {
      for (const proceed of waiting) {
        // The key stays held: it passes to the next one without a gap in which a newcomer could overtake.
        waiting.delete(proceed);
        proceed();
        return;
      }
    }
    this.#held.delete(key);
  }
}
