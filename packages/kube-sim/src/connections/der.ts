/**
 * The few forms of ASN.1 DER that a certificate is made of. Each function returns the encoding of one value.
 *
 * @see ITU-T X.690
 */

/** A value with its tag and length. */
export function derValue(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const head = [tag];
  if (content.length < 0x80) {
    head.push(content.length);
  } else {
    const bytes: number[] = [];
    for (let rest = content.length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
    head.push(0x80 | bytes.length, ...bytes);
  }
  return Buffer.concat([Buffer.from(head), content]);
}

export function derSequence(...items: readonly Uint8Array[]): Buffer {
  return derValue(0x30, ...items);
}

export function derSet(...items: readonly Uint8Array[]): Buffer {
  return derValue(0x31, ...items);
}

export function derBoolean(isTrue: boolean): Buffer {
  return derValue(0x01, Buffer.from([isTrue ? 0xff : 0]));
}

/** A whole number ≥ 0, most significant byte first. */
export function derInteger(bytes: Uint8Array): Buffer {
  const isNegativeLooking = (bytes[0] ?? 0) >= 0x80;
  return derValue(0x02, isNegativeLooking ? Buffer.from([0]) : Buffer.alloc(0), bytes);
}

export function derOctets(bytes: Uint8Array): Buffer {
  return derValue(0x04, bytes);
}

/** Bits, the last `unusedBits` of the last byte not counted. */
export function derBits(bytes: Uint8Array, unusedBits = 0): Buffer {
  return derValue(0x03, Buffer.from([unusedBits]), bytes);
}

export function derText(text: string): Buffer {
  return derValue(0x0c, Buffer.from(text));
}

/** A time in the years 1950 to 2049. */
export function derTime(time: Date): Buffer {
  const digits = time.toISOString().replace(/\D/g, "").slice(2, 14);
  return derValue(0x17, Buffer.from(`${digits}Z`));
}

/** An object identifier in dotted form. */
export function derIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const septets = [part & 0x7f];
    for (let more = part >>> 7; more > 0; more >>>= 7) septets.unshift((more & 0x7f) | 0x80);
    bytes.push(...septets);
  }
  return derValue(0x06, Buffer.from(bytes));
}
