/** Called once or twice per event of a dedupable kind; budget: no allocation for a text that came a moment ago. */
import { Buffer } from "node:buffer";

/** 2^11, for the eleven bits of `slotOf`. */
const slots = 2048;
/** Reading a text this short costs no more than finding it. Not below seven: `slotOf` looks at the eighth character from the end. */
const shortText = 8;
/** Longer texts are read each time: what is remembered stays below a mebibyte. */
const longText = 256;
/** Below this length the engine copies a part of a text, from here on it keeps the whole text alive. */
const sliceLength = 13;
/** Words a slot: both of the hash, and the first word of that of the last text that was not the one remembered there. */
const row = 4;

/**
 * Hashes of texts, two words of 32 bits each. Reading a text a character at a time costs four times as much as comparing it with an equal one, so
 * texts that come again are remembered, as copies of their own, with their hashes.
 *
 * Guarantees: the hash depends on the text and the seeds alone, never on what is remembered. It is seeded, not cryptographic.
 *
 * @internal
 */
export class DedupTextHashes {
  /** Of the text asked for last. */
  a = 0;
  b = 0;
  readonly #seedA: number;
  readonly #seedB: number;
  /** Nothing but texts: comparing what may be undefined takes twice the time. The empty one is never looked for. */
  readonly #texts: string[] = Array.from({ length: slots }, () => "");
  readonly #rows = new Int32Array(row * slots);

  constructor(seedA: number, seedB: number) {
    this.#seedA = seedA;
    this.#seedB = seedB;
  }

  /** Sets `a` and `b` to the hash of the text. */
  find(text: string): void {
    const { length } = text;
    if (length <= shortText || length > longText) {
      this.#read(text);
      return;
    }
    const slot = slotOf(text, length);
    const rows = this.#rows;
    const at = row * slot; // Below the size of the rows, as the slot is below their number.
    if (this.#texts[slot] === text) {
      this.a = rows[at]!;
      this.b = rows[at + 1]!;
      // What comes in turns with this text does not push it out.
      rows[at + 2] = 0;
      return;
    }
    this.#read(text);
    // A text that comes once is not worth a copy.
    if (rows[at + 2] !== this.a) {
      rows[at + 2] = this.a;
      return;
    }
    this.#texts[slot] = ownText(text);
    rows[at] = this.a;
    rows[at + 1] = this.b;
  }

  /** The copy of the text that is remembered, undefined when there is none: whoever keeps this instead of the text keeps no large text alive. */
  copyOf(text: string): string | undefined {
    const { length } = text;
    if (length <= shortText) return text;
    const copy = this.#texts[slotOf(text, length)];
    return copy === text ? copy : undefined;
  }

  /** Length first, so that a character that moves from one text to the next changes the hash; then two characters at a time. */
  #read(text: string): void {
    const { length } = text;
    let a = Math.imul(this.#seedA ^ length, 0x9e3779b1);
    let b = Math.imul(this.#seedB + length, 0x85ebca6b);
    let at = 1;
    for (; at < length; at += 2) {
      const word = text.charCodeAt(at - 1) | (text.charCodeAt(at) << 16);
      a = Math.imul(a ^ word, 0x9e3779b1);
      a = (a << 13) | (a >>> 19);
      // With the other half in it, no change of two characters cancels out in both.
      b = Math.imul((b ^ a) + word, 0x85ebca6b);
      b = (b << 17) | (b >>> 15);
    }
    if (at === length) {
      const word = text.charCodeAt(at - 1);
      a = Math.imul(a ^ word, 0xc2b2ae35);
      b = Math.imul(b + word, 0x27d4eb2f);
    }
    // Either word depends on all of both, and no two pairs become one.
    b ^= Math.imul(a, 0x9e3779b1);
    a = (a + Math.imul(b, 0xc2b2ae35)) | 0;
    this.a = finish(a);
    this.b = finish(b);
  }
}

/**
 * Every bit reaches every bit; no two words become one.
 *
 * @internal
 */
export function finish(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Four characters choose the place: of paths the last one, two of the name before its suffix, and what is in the middle differ most. */
function slotOf(text: string, length: number): number {
  const some =
    text.charCodeAt(length - 1) ^
    (text.charCodeAt(length - 6) << 6) ^
    (text.charCodeAt(length - 8) << 12) ^
    (text.charCodeAt(length >> 1) << 18) ^
    (length << 25);
  return Math.imul(some ^ (some >>> 15), 0x9e3779b1) >>> 21;
}

function ownText(text: string): string {
  if (text.length < sliceLength) return text;
  const encoding = /^[\u0000-\u00ff]*$/.test(text) ? "latin1" : "utf16le";
  return Buffer.from(text, encoding).toString(encoding);
}
