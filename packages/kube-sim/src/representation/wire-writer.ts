/** Texts up to this length are written by a loop. */
const SHORT_CHARACTERS = 48;

/**
 * Writes protobuf from the end to the start: the length of a message is known once its content is written, so nothing is
 * measured beforehand and nothing is copied into place afterwards.
 */
export class WireWriter {
  #buffer: Buffer;
  #start: number;

  constructor(initialBytes = 4096) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
    this.#start = initialBytes;
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#buffer.length - this.#start;
  }

  /** What was written; valid until the next write. */
  bytes(): Buffer {
    return this.#buffer.subarray(this.#start);
  }

  /** A whole number from -2^63 to 2^63; numbers above 2^53 as JSON left them. */
  varint(value: number): void {
    if (value < 0 || value > Number.MAX_SAFE_INTEGER) {
      this.#bigVarint(BigInt.asUintN(64, BigInt(Math.trunc(value))));
      return;
    }
    if (value < 128) {
      this.#reserve(1);
      this.#buffer[this.#start] = value;
      return;
    }
    let size = 1;
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
    this.#reserve(size);
    let at = this.#start;
    for (let rest = value; size > 0; size--) {
      this.#buffer[at++] = (rest % 128) | (size > 1 ? 128 : 0);
      rest = Math.floor(rest / 128);
    }
  }

  /** UTF-8 text with its length before it. */
  text(value: string): void {
    const length = value.length;
    if (length <= SHORT_CHARACTERS && this.#shortText(value)) return;
    const size = Buffer.byteLength(value);
    this.#reserve(size);
    this.#buffer.write(value, this.#start);
    this.varint(size);
  }

  /** Most texts are short and ASCII: a loop writes them in a third of the time of two calls into the runtime (Node 26.10). */
  #shortText(value: string): boolean {
    const length = value.length;
    this.#reserve(length);
    const buffer = this.#buffer;
    let at = this.#start;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 127) {
        this.#start += length;
        return false;
      }
      buffer[at++] = code;
    }
    this.varint(length);
    return true;
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#start);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#buffer.writeDoubleLE(value, this.#start);
  }

  /** @param wireType - 0 varint, 1 eight bytes, 2 length-delimited */
  tag(fieldNumber: number, wireType: number): void {
    this.varint(fieldNumber * 8 + wireType);
  }

  /** Closes a message whose content starts here and ended at `sizeBefore`. */
  closeMessage(fieldNumber: number, sizeBefore: number): void {
    this.varint(this.size - sizeBefore);
    this.tag(fieldNumber, 2);
  }

  #bigVarint(value: bigint): void {
    const bytes: number[] = [];
    for (let rest = value; ; rest >>= 7n) {
      const low = Number(rest & 127n);
      if (rest < 128n) {
        bytes.push(low);
        break;
      }
      bytes.push(low | 128);
    }
    this.raw(Uint8Array.from(bytes));
  }

  #reserve(bytes: number): void {
    if (this.#start < bytes) {
      const used = this.size;
      const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, used + bytes));
      this.#buffer.copy(grown, grown.length - used, this.#start);
      this.#start = grown.length - used;
      this.#buffer = grown;
    }
    this.#start -= bytes;
  }
}
