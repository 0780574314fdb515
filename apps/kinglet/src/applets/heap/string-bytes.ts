/** Longer strings are cut: names of constructors and scripts are short, and the rest of a snapshot's strings is not kept at all. */
const maxBytes = 512;

/** What `\b \f \n \r \t " \ /` stand for, by the byte behind the backslash. */
const simpleEscapes: Readonly<Record<number, number>> = {
  0x22: 0x22,
  0x2f: 0x2f,
  0x5c: 0x5c,
  0x62: 0x08,
  0x66: 0x0c,
  0x6e: 0x0a,
  0x72: 0x0d,
  0x74: 0x09,
};

/**
 * The content of one JSON string while it is read: its first 512 bytes as UTF-8, unescaped.
 *
 * Reused for every string; adding never allocates. An unpaired surrogate becomes U+FFFD.
 */
export class StringBytes {
  readonly #bytes = new Uint8Array(maxBytes);
  #length = 0;
  #isCut = false;
  /** 0 outside; 1 behind the backslash; 2 … 5 before a hexadecimal digit. */
  #escape = 0;
  #unit = 0;
  #highSurrogate = 0;

  /** Bytes kept. */
  get length(): number {
    return this.#length;
  }

  /** True between a backslash and the end of its escape. */
  get isInEscape(): boolean {
    return this.#escape !== 0;
  }

  /** Forgets the content. */
  clear(): void {
    this.#length = 0;
    this.#isCut = false;
    this.#escape = 0;
    this.#highSurrogate = 0;
  }

  /** Adds a byte that stands for itself. */
  add(byte: number): void {
    if (this.#highSurrogate !== 0) this.#endSurrogate();
    this.#append(byte);
  }

  /** A backslash was read. */
  beginEscape(): void {
    this.#escape = 1;
  }

  /** The next byte of an escape. @returns false when JSON has no such escape. */
  addEscaped(byte: number): boolean {
    if (this.#escape === 1) {
      if (byte === 0x75) {
        this.#unit = 0;
        this.#escape = 2;
        return true;
      }
      this.#escape = 0;
      const plain = simpleEscapes[byte];
      if (plain !== undefined) this.add(plain);
      return plain !== undefined;
    }
    const digit = hexDigit(byte);
    if (digit < 0) return false;
    this.#unit = this.#unit * 16 + digit;
    if (++this.#escape === 6) {
      this.#escape = 0;
      this.#addUnit(this.#unit);
    }
    return true;
  }

  /** The content; a cut string ends in `…`. Allocates. */
  toString(): string {
    if (this.#highSurrogate !== 0) this.#endSurrogate();
    // Not TextDecoder: it drops a leading byte order mark.
    const text = Buffer.from(this.#bytes.buffer, 0, this.#length).toString("utf8");
    // The cut may have gone through a character.
    return this.#isCut ? `${text.replace(/\uFFFD$/, "")}…` : text;
  }

  #addUnit(unit: number): void {
    if (this.#highSurrogate !== 0) {
      if (unit >= 0xdc00 && unit <= 0xdfff) {
        const code = 0x10000 + (this.#highSurrogate - 0xd800) * 0x400 + (unit - 0xdc00);
        this.#highSurrogate = 0;
        this.#addCodePoint(code);
        return;
      }
      this.#endSurrogate();
    }
    if (unit >= 0xd800 && unit <= 0xdbff) this.#highSurrogate = unit;
    else this.#addCodePoint(unit >= 0xdc00 && unit <= 0xdfff ? 0xfffd : unit);
  }

  #endSurrogate(): void {
    this.#highSurrogate = 0;
    this.#addCodePoint(0xfffd);
  }

  #addCodePoint(code: number): void {
    if (code < 0x80) this.#append(code);
    else if (code < 0x800) {
      this.#append(0xc0 | (code >> 6));
      this.#append(0x80 | (code & 63));
    } else {
      if (code < 0x10000) this.#append(0xe0 | (code >> 12));
      else {
        this.#append(0xf0 | (code >> 18));
        this.#append(0x80 | ((code >> 12) & 63));
      }
      this.#append(0x80 | ((code >> 6) & 63));
      this.#append(0x80 | (code & 63));
    }
  }

  #append(byte: number): void {
    if (this.#length < maxBytes) this.#bytes[this.#length++] = byte;
    else this.#isCut = true;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
