/** Called once per event of a dedupable kind; budget: no allocation but the table itself, at the first of them. */

/** After so many buckets (34 min) what has expired is cleared away, before 16 bits can no longer tell past from future. */
const sweepAfter = 32_000;
/** As far as 16 bits tell past from future, less the longest lifetime. */
const tellable = 32_600;

/**
 * Which keys of 64 bits were noted, and until when. Time counts in whole buckets.
 *
 * Guarantees: 2^`slotsLog2` slots of 8 bytes, made with the first key; a slot holds the last key that fell into it, so pressure forgets keys and never
 * invents one. Of the key the whole first word, the upper half of the second one and its lower `slotsLog2` bits are told apart.
 *
 * Cost: one slot read, at most one written; measured in the README.
 *
 * @internal
 */
export class DedupSlots {
  readonly #mask: number;
  /** Two words a slot: the first word of the key; the upper half of its second word, and the low 16 bits of the bucket in which it expires. */
  #words: Int32Array | undefined;
  #sweptAt = 0;

  /** @param slotsLog2 - 1 … 30. */
  constructor(slotsLog2: number) {
    this.#mask = 2 ** slotsLog2 - 1;
  }

  /** 0 before the first key. */
  get bytes(): number {
    return this.#words?.byteLength ?? 0;
  }

  /**
   * @param high - first word of the key, 32 bits.
   * @param low - second word; its lower bits choose the slot.
   * @param now - the bucket.
   * @param life - buckets for which a key is held that is noted now.
   * @returns true for a key that is held; false notes it. The lifetime of a key that is held is not prolonged.
   */
  isHeld(high: number, low: number, now: number, life: number): boolean {
    const words = this.#sweep(now);
    const at = 2 * (low & this.#mask);
    const tag = low & 0xffff0000;
    // An empty slot is all zeros.
    const first = (high | tag) === 0 ? 1 : high;
    // Both are below twice the number of slots.
    const held = words[at + 1]!;
    if (words[at] === first && (held & 0xffff0000) === tag) {
      const left = ((held - now) << 16) >> 16;
      if (left > 0 && left <= life) return true;
    }
    words[at] = first;
    words[at + 1] = tag | ((now + life) & 0xffff);
    return false;
  }

  #sweep(now: number): Int32Array {
    const age = (now - this.#sweptAt) | 0;
    const words = this.#words;
    if (words !== undefined && age >= 0 && age < sweepAfter) return words;
    return this.#clear(now, age);
  }

  #clear(now: number, age: number): Int32Array {
    const words = this.#words;
    this.#sweptAt = now;
    if (words === undefined) return (this.#words = new Int32Array(2 * (this.#mask + 1)));
    // The clock went back, or nothing came for so long that everything has expired.
    if (age < 0 || age > tellable) return words.fill(0);
    for (let at = 0; at < words.length; at += 2) {
      if ((((words[at + 1] ?? 0) - now) << 16) >> 16 > 0) continue;
      words[at] = 0;
      words[at + 1] = 0;
    }
    return words;
  }
}
