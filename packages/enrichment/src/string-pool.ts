/**
 * Makes equal strings one string, so that what a thousand pods have in common is held once.
 *
 * Bounded: when full it starts over, which costs sharing with older strings and nothing else.
 *
 * @internal
 */
export class StringPool {
  readonly #maxEntries: number;
  readonly #strings: Map<string, string> = new Map();

  /** @param maxEntries - distinct strings held at most. */
  constructor(maxEntries = 4096) {
    this.#maxEntries = maxEntries;
  }

  /** The first string that was equal to this one. */
  share(text: string): string {
    if (text === "") return "";
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    if (this.#strings.size >= this.#maxEntries) this.#strings.clear();
    this.#strings.set(text, text);
    return text;
  }
}
