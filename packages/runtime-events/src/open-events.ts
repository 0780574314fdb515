const maxConfirmed = 1024;
const maxOpen = 65_536;

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

  /** Of more than 65,536 the oldest is no longer counted: what cannot be read again needs no place. */
  delivered(sequence: number): void {
    this.#open.add(sequence);
    if (this.#open.size > maxOpen) deleteOldest(this.#open);
  }

  acknowledge(sequence: number): void {
    this.#open.delete(sequence);
  }

  /** The last 1,024 are remembered. */
  confirm(uniqueId: string): void {
    this.#confirmed.delete(uniqueId);
    this.#confirmed.add(uniqueId);
    if (this.#confirmed.size > maxConfirmed) deleteOldest(this.#confirmed);
  }

  wasConfirmed(uniqueId: string): boolean {
    return this.#confirmed.has(uniqueId);
  }
}

function deleteOldest<T>(set: Set<T>): void {
  for (const oldest of set) {
    set.delete(oldest);
    return;
  }
}
