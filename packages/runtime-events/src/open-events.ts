const maxConfirmed = 1024;

/**
 * The books of a source that cannot go back: which delivered events are open, and which alerts left.
 *
 * @internal
 */
export class OpenEvents {
  readonly #open: Set<number> = new Set();
  readonly #confirmed: Set<string> = new Set();

  /** Events that are not acknowledged. */
  get count(): number {
    return this.#open.size;
  }

  delivered(sequence: number): void {
    this.#open.add(sequence);
  }

  acknowledge(sequence: number): void {
    this.#open.delete(sequence);
  }

  /** The last 1,024 are remembered. */
  confirm(uniqueId: string): void {
    this.#confirmed.delete(uniqueId);
    this.#confirmed.add(uniqueId);
    if (this.#confirmed.size <= maxConfirmed) return;
    for (const oldest of this.#confirmed) {
      this.#confirmed.delete(oldest);
      break;
    }
  }

  wasConfirmed(uniqueId: string): boolean {
    return this.#confirmed.has(uniqueId);
  }
}
