/** Reads protobuf; what is cut off reads as zero, and the caller sees the end too early. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** An unsigned whole number; above 2^53 the nearest a number can be. */
  varint(): number {
    let value = 0;
    for (let factor = 1; this.#at < this.#bytes.length; factor *= 128) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) break;
    }
    return value;
  }

  /** A signed whole number: negative ones travel as their 64-bit complement. */
  signed(): number {
    const start = this.#at;
    const value = this.varint();
    if (value < 2 ** 63) return value;
    let exact = 0n;
    for (let index = start, shift = 0n; index < this.#at; index++, shift += 7n) {
      exact |= BigInt((this.#bytes[index] ?? 0) & 127) << shift;
    }
    return Number(BigInt.asIntN(64, exact));
  }

  double(): number {
    const at = this.#at;
    this.#at += 8;
    return this.#at <= this.#bytes.length ? this.#bytes.readDoubleLE(at) : 0;
  }

  /** A length and so many bytes. */
  block(): Buffer {
    const length = this.varint();
    const start = this.#at;
    this.#at = Math.min(start + length, this.#bytes.length);
    return this.#bytes.subarray(start, this.#at);
  }

  /** Leaves out a value. @returns false when the wire type is none: the rest cannot be read. */
  skip(wireType: number): boolean {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.#at += 8;
    else if (wireType === 2) this.block();
    else if (wireType === 5) this.#at += 4;
    else return false;
    return true;
  }
}
