const FIRST_SLOTS = 256;
const MAX_SLOTS = 4096;
/** Longer strings repeat rarely, and comparing them costs as much as copying. */
const MAX_LENGTH = 160;

/**
 * Strings by their bytes: a string that was seen before is found without being decoded.
 *
 * Each hash has one place, and the string seen last stands there: what keeps coming stays, what came once gives way. At most 4,096 strings of at most 160
 * bytes. Cost of a known string: one pass to hash, one to compare. Hot path: every repeated string of every object.
 *
 * @internal
 */
export class StringTable {
  /** Stands for "no buffer". */
  readonly noBytes: Buffer = Buffer.alloc(0);
  /** Of the string asked for last. */
  lastHash = 0;
  #strings: (string | undefined)[] = [];
  #hashes: Int32Array = new Int32Array(0);
  #used = 0;

  /** The string of the bytes from `start` to `end`. */
  intern(buffer: Buffer, start: number, end: number): string {
    this.lastHash = end - start;
    if (start === end) return "";
    if (end - start > MAX_LENGTH) return buffer.toString("utf8", start, end);
    let hash = 0x811c9dc5 | 0;
    let bits = 0;
    for (let at = start; at < end; at++) {
      const byte = buffer[at]!; // within the frame
      hash = Math.imul(hash ^ byte, 0x01000193);
      bits |= byte;
    }
    if (bits > 0x7f) return buffer.toString("utf8", start, end);
    hash ^= hash >>> 15;
    this.lastHash = hash;
    const slots = this.#strings.length;
    if (slots > 0) {
      const slot = hash & (slots - 1);
      const known = this.#strings[slot];
      if (known !== undefined && this.#hashes[slot] === hash && equals(known, buffer, start, end)) return known;
    }
    const value = buffer.toString("latin1", start, end);
    this.#keep(value, hash);
    return value;
  }

  #keep(value: string, hash: number): void {
    if (this.#used * 2 >= this.#strings.length && this.#strings.length < MAX_SLOTS) this.#grow();
    const slot = hash & (this.#strings.length - 1);
    if (this.#strings[slot] === undefined) this.#used++;
    this.#strings[slot] = value;
    this.#hashes[slot] = hash;
  }

  #grow(): void {
    const strings = this.#strings;
    const hashes = this.#hashes;
    const slots = strings.length === 0 ? FIRST_SLOTS : strings.length * 4;
    this.#strings = Array.from({ length: slots }, () => undefined);
    this.#hashes = new Int32Array(slots);
    this.#used = 0;
    for (let index = 0; index < strings.length; index++) {
      const value = strings[index];
      if (value !== undefined) this.#keep(value, hashes[index]!); // index < length
    }
  }
}

function equals(value: string, buffer: Buffer, start: number, end: number): boolean {
  if (value.length !== end - start) return false;
  for (let index = 0, at = start; at < end; index++, at++) {
    if (value.charCodeAt(index) !== buffer[at]) return false;
  }
  return true;
}
