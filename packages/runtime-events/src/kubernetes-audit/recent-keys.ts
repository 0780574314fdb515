/**
 * Remembers the keys that were used last.
 *
 * @internal
 */
export class RecentKeys {
  readonly #maxKeys: number;
  /** Least recently used first. */
  readonly #keys: Set<string> = new Set();

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** @returns whether the key is remembered; it then counts as used. */
  has(key: string): boolean {
    if (!this.#keys.delete(key)) return false;
    this.#keys.add(key);
    return true;
  }

  delete(key: string): void {
    this.#keys.delete(key);
  }

  add(key: string): void {
    this.#keys.delete(key);
    this.#keys.add(key);
    if (this.#keys.size <= this.#maxKeys) return;
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest);
      break;
    }
  }
}
