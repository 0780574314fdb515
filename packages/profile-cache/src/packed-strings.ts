/**
 * Called once per event; budget: no allocation.
 *
 * Sets of strings that lie in one text and one array of numbers: a `Set` of 500 paths of 38 characters costs 45 KB, this 22 KB (Node 26).
 *
 * ```
 * text     /etc/passwd/bin/ls…
 * numbers  per set: start of each entry and end of the last   slots: 0 or 1 + entry, found by hash, next slot on collision   values
 * ```
 */

/** Where one set lies in a {@link PackedStrings}. @internal */
export interface PackedSet {
  /** Index of the start of the first entry in the numbers; the end of an entry is the start of the next. */
  readonly starts: number;
  readonly count: number;
  /** Index of the first slot. */
  readonly slots: number;
  /** Number of slots, above the number of entries. */
  readonly size: number;
  /** Index of the first value; -1 when entries have none. */
  readonly values: number;
}

const HASH_START = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;
/** Stands between the parts of an entry that has several; the kernel allows it in no argument and no path. */
const SEPARATOR = 0;

/** Characters of `text` up to `to` taken into `hash` (FNV-1a over UTF-16 units). */
function hashText(hash: number, text: string, to: number): number {
  let result = hash;
  for (let index = 0; index < to; index += 1) result = Math.imul(result ^ text.charCodeAt(index), HASH_PRIME);
  return result;
}

/** Spreads the bits of a hash and maps it to a slot: the high half counts, so that the size can be any number. */
function slotOf(hash: number, size: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return Math.floor((((mixed ^ (mixed >>> 13)) >>> 0) * size) / 4_294_967_296);
}

/**
 * The finished sets; immutable.
 *
 * Cost: `find` about 2 ns per character (Node 26.10) and no allocation.
 *
 * @internal
 */
export class PackedStrings {
  readonly #text: string;
  readonly #numbers: Uint16Array | Uint32Array;

  constructor(text: string, numbers: readonly number[]) {
    this.#text = text;
    // Every number is an offset into the text, an index of an entry, or a small value: 16 bits do for all but very large profiles.
    // (`from` would go through an iterator, at ten times the price.)
    this.#numbers = text.length <= 0xff_ff ? new Uint16Array(numbers) : new Uint32Array(numbers);
  }

  /** Memory in bytes, without the constant part. */
  get bytes(): number {
    return this.#text.length + this.#numbers.byteLength;
  }

  /** Index of the entry that equals the first `length` characters of `value`, or -1. */
  find(set: PackedSet, value: string, length: number): number {
    if (set.count === 0) return -1;
    const numbers = this.#numbers;
    let slot = slotOf(hashText(HASH_START, value, length), set.size);
    for (;;) {
      const entry = numbers[set.slots + slot]! - 1; // The slot is below the size.
      if (entry < 0) return -1;
      const start = numbers[set.starts + entry]!; // The entry exists.
      if (numbers[set.starts + entry + 1]! - start === length && this.#sameText(start, value, length)) return entry;
      slot = slot + 1 === set.size ? 0 : slot + 1;
    }
  }

  /** As {@link PackedStrings.find} for an entry that was made of `head` and `rest` with `joinParts`. */
  findParts(set: PackedSet, head: string, rest: readonly string[]): number {
    if (set.count === 0) return -1;
    let hash = hashText(HASH_START, head, head.length);
    let length = head.length;
    for (let index = 0; index < rest.length; index += 1) {
      const part = rest[index]!; // Below the length.
      // Two parts would look like one.
      if (part.includes("\0")) return -1;
      hash = hashText(Math.imul(hash ^ SEPARATOR, HASH_PRIME), part, part.length);
      length += 1 + part.length;
    }
    const numbers = this.#numbers;
    let slot = slotOf(hash, set.size);
    for (;;) {
      const entry = numbers[set.slots + slot]! - 1;
      if (entry < 0) return -1;
      const start = numbers[set.starts + entry]!;
      if (numbers[set.starts + entry + 1]! - start === length && this.#sameParts(start, head, rest)) return entry;
      slot = slot + 1 === set.size ? 0 : slot + 1;
    }
  }

  /** The value that was stored with the entry. */
  valueOf(set: PackedSet, entry: number): number {
    return this.#numbers[set.values + entry]!; // Callers pass what `find` gave.
  }

  /** True when an entry begins with `prefix`; linear. */
  hasPrefix(set: PackedSet, prefix: string): boolean {
    for (let entry = 0; entry < set.count; entry += 1) {
      const start = this.#numbers[set.starts + entry]!;
      const length = this.#numbers[set.starts + entry + 1]! - start;
      if (length >= prefix.length && this.#sameText(start, prefix, prefix.length)) return true;
    }
    return false;
  }

  /** True when an entry ends with `suffix`; linear. */
  hasSuffix(set: PackedSet, suffix: string): boolean {
    for (let entry = 0; entry < set.count; entry += 1) {
      const end = this.#numbers[set.starts + entry + 1]!;
      const length = end - this.#numbers[set.starts + entry]!;
      if (length >= suffix.length && this.#sameText(end - suffix.length, suffix, suffix.length)) return true;
    }
    return false;
  }

  /** The text of an entry; allocates. */
  textOf(set: PackedSet, entry: number): string {
    return this.#text.slice(this.#numbers[set.starts + entry], this.#numbers[set.starts + entry + 1]);
  }

  /** A loop: for the usual 40 characters it is three times as fast as `startsWith` with a position (Node 26.10). */
  #sameText(start: number, value: string, length: number): boolean {
    const text = this.#text;
    for (let index = 0; index < length; index += 1) {
      if (text.charCodeAt(start + index) !== value.charCodeAt(index)) return false;
    }
    return true;
  }

  #sameParts(start: number, head: string, rest: readonly string[]): boolean {
    if (!this.#sameText(start, head, head.length)) return false;
    let at = start + head.length;
    for (let index = 0; index < rest.length; index += 1) {
      const part = rest[index]!;
      if (this.#text.charCodeAt(at) !== SEPARATOR || !this.#sameText(at + 1, part, part.length)) return false;
      at += 1 + part.length;
    }
    return true;
  }
}

/** One string out of several, see {@link PackedStrings.findParts}. @internal */
export function joinParts(head: string, rest: readonly string[]): string {
  return rest.length === 0 ? head : `${head}\0${rest.join("\0")}`;
}

/**
 * Builds {@link PackedStrings} set by set. Strings must be Latin-1: one other character would double the text.
 *
 * @internal
 */
export class PackedStringsBuilder {
  readonly #parts: string[] = [];
  readonly #numbers: number[] = [];
  #length = 0;
  /** Every bit that is in a character of the text that was hashed last; above 255: not Latin-1. */
  unitBits = 0;

  /** The hash of a text, for `addSet`; leaves {@link PackedStringsBuilder.unitBits} behind, so that one pass over the text does for both. */
  hash(text: string): number {
    let hash = HASH_START;
    let bits = 0;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      bits |= unit;
      hash = Math.imul(hash ^ unit, HASH_PRIME);
    }
    this.unitBits = bits;
    return hash;
  }

  /**
   * Adds one set. Of equal strings the first is kept, unless `merge` says what becomes of their values.
   *
   * @param values - one per string, 0 … 65,535; all 0 without it.
   * @param merge - what becomes of the values of equal strings.
   * @param hashes - one per string where they are known already.
   */
  addSet(
    strings: readonly string[],
    values?: readonly number[],
    merge?: (kept: number, other: number) => number,
    hashes?: readonly number[],
  ): PackedSet {
    const size = Math.ceil(strings.length * 1.4) + 1;
    const slots = new Uint32Array(size);
    const numbers = this.#numbers;
    const starts = numbers.length;
    const kept: string[] = [];
    const keptValues: number[] = [];
    for (let index = 0; index < strings.length; index += 1) {
      const text = strings[index]!; // Below the length.
      let slot = slotOf(hashes === undefined ? hashText(HASH_START, text, text.length) : hashes[index]!, size);
      let entry = slots[slot]!; // Below the size.
      while (entry !== 0 && kept[entry - 1] !== text) {
        slot = slot + 1 === size ? 0 : slot + 1;
        entry = slots[slot]!;
      }
      const value = values === undefined ? 0 : values[index]!;
      if (entry === 0) {
        slots[slot] = kept.push(text);
        keptValues.push(value);
        numbers.push(this.#length);
        this.#parts.push(text);
        this.#length += text.length;
      } else if (merge !== undefined) keptValues[entry - 1] = merge(keptValues[entry - 1]!, value);
    }
    numbers.push(this.#length);
    const first = numbers.length;
    if (kept.length > 0) for (let slot = 0; slot < size; slot += 1) numbers.push(slots[slot]!);
    const valuesAt = values === undefined ? -1 : numbers.length;
    if (values !== undefined) for (const value of keptValues) numbers.push(value);
    return { starts, count: kept.length, slots: first, size, values: valuesAt };
  }

  /** The finished sets; the builder is spent. */
  finish(): PackedStrings {
    return new PackedStrings(this.#parts.join(""), this.#numbers);
  }
}
