/** How values are compared. @internal */
export interface LiteralRules {
  /** Length of the part that counts, e.g. without a trailing dot. */
  readonly lengthOf: (value: string) => number;
  /** True when `A` to `Z` equal `a` to `z`. */
  readonly ignoresCase: boolean;
}

/**
 * Finds the positions of a value in a list of strings, without copying any of them: a table of two or four bytes a place (a `Map`
 * from string to number takes about 40 an entry).
 *
 * A look-up costs one pass over the value and allocates nothing. Places are seeded at random, so that nobody can choose entries
 * that share one; the answers do not depend on the seed.
 *
 * @internal
 */
export class LiteralIndex {
  readonly #entries: readonly string[];
  readonly #rules: LiteralRules;
  readonly #places: Uint16Array | Uint32Array;
  readonly #seed: number;

  /** @param positions - positions of the entries that take part, ascending. */
  constructor(entries: readonly string[], positions: ArrayLike<number>, rules: LiteralRules) {
    this.#entries = entries;
    this.#rules = rules;
    this.#seed = (Math.random() * 0x1_0000_0000) | 0;
    let size = 4;
    while (size < positions.length * 2) size *= 2;
    this.#places = entries.length < 0xffff ? new Uint16Array(size) : new Uint32Array(size);
    for (let at = 0; at < positions.length; at += 1) this.#insert(positions[at]!);
  }

  /** The first position at or after `from` whose entry equals `value`; -1 when there is none. */
  next(value: string, from: number): number {
    const length = this.#rules.lengthOf(value);
    const last = this.#places.length - 1;
    for (let place = this.#hash(value, length) & last; ; place = (place + 1) & last) {
      const position = this.#places[place]! - 1;
      if (position === -1) return -1;
      // Equal entries stand in the order of their positions: the table was filled in that order and nothing was removed.
      if (position >= from && this.#equals(this.#entries[position]!, value, length)) return position;
    }
  }

  #insert(position: number): void {
    const entry = this.#entries[position]!;
    const last = this.#places.length - 1;
    let place = this.#hash(entry, this.#rules.lengthOf(entry)) & last;
    while (this.#places[place] !== 0) place = (place + 1) & last;
    this.#places[place] = position + 1;
  }

  #equals(entry: string, value: string, length: number): boolean {
    if (entry === value) return true;
    if (this.#rules.lengthOf(entry) !== length) return false;
    if (!this.#rules.ignoresCase) return equalUpTo(entry, value, length);
    for (let at = 0; at < length; at += 1) {
      if (folded(entry.charCodeAt(at)) !== folded(value.charCodeAt(at))) return false;
    }
    return true;
  }

  #hash(value: string, length: number): number {
    let hash = this.#seed;
    if (this.#rules.ignoresCase) {
      for (let at = 0; at < length; at += 1) hash = Math.imul(hash ^ folded(value.charCodeAt(at)), 0x0100_0193);
    } else {
      for (let at = 0; at < length; at += 1) hash = Math.imul(hash ^ value.charCodeAt(at), 0x0100_0193);
    }
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x2c1b_3c6d);
    // 32 bits with a sign: without one half of the numbers would be objects, and be allocated for each question.
    return hash ^ (hash >>> 13);
  }
}

function equalUpTo(entry: string, value: string, length: number): boolean {
  for (let at = 0; at < length; at += 1) {
    if (entry.charCodeAt(at) !== value.charCodeAt(at)) return false;
  }
  return true;
}

function folded(code: number): number {
  return code >= 65 && code <= 90 ? code + 32 : code;
}
