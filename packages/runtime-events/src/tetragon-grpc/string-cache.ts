// Hot path: `read` runs once per text field.
import type { Buffer } from "node:buffer";

const maxBytes = 80;
const sampledBytes = 16;

/**
 * The same text as the same string: most texts of a stream come again and again (paths, flags, ids of containers and parents), and a string that
 * is there already costs neither a call into the runtime nor memory.
 *
 * A table of 1,024 slots, newest wins; holds at most 80 KiB of text. Only ASCII is kept.
 *
 * @internal
 */
export class StringCache {
  readonly #slots: string[] = Array.from({ length: 1024 }, () => "");

  /** The text of `bytes[start, end)`; what is no UTF-8 becomes U+FFFD. */
  read(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length === 0) return "";
    if (length > maxBytes) return bytes.toString("utf8", start, end);
    // The end tells texts apart better than the beginning, and the length helps.
    let hash = length;
    for (let at = Math.max(start, end - sampledBytes); at < end; at++) hash = Math.imul(hash, 31) + bytes[at]!; // at < end
    const slot = (hash ^ (hash >>> 10)) & 1023;
    const known = this.#slots[slot]!; // 0 ... 1023
    if (known.length === length && isSame(known, bytes, start)) return known;
    const text = bytes.toString("utf8", start, end);
    // As many characters as bytes: ASCII, or damaged, and then it is never the same as anything.
    if (text.length === length) this.#slots[slot] = text;
    return text;
  }
}

function isSame(text: string, bytes: Buffer, start: number): boolean {
  for (let at = text.length - 1; at >= 0; at--) {
    if (text.charCodeAt(at) !== bytes[start + at]) return false;
  }
  return true;
}
