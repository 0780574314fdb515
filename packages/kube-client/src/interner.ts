/**
 * Makes equal strings one string, within a bound.
 *
 * Two generations: when the young one is full it becomes the old one and the previous old one is dropped, so strings that keep
 * coming stay and one-time strings leave. Cost: one map look-up per known string.
 */
export class Interner {
  readonly #maxEntries: number;
  readonly #maxLength: number;
  #young = new Map<string, string>();
  #old = new Map<string, string>();

  /** At most `2 × maxEntries` strings of at most `maxLength` characters are held. */
  constructor(maxEntries: number, maxLength: number) {
    this.#maxEntries = maxEntries;
    this.#maxLength = maxLength;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  intern(value: string): string {
    if (value.length > this.#maxLength) return value;
    const young = this.#young.get(value);
    if (young !== undefined) return young;
    const kept = this.#old.get(value) ?? value;
    if (this.#young.size >= this.#maxEntries) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(kept, kept);
    return kept;
  }
}
