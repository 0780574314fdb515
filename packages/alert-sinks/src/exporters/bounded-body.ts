import { StringDecoder } from "node:string_decoder";

/**
 * The beginning of an answer's body, at most `maxBytes` of it.
 *
 * @internal
 */
export class BoundedBody {
  readonly #maxBytes: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #isCut = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @returns false once the body is longer than what is kept: read no more. */
  add(chunk: Buffer): boolean {
    const room = this.#maxBytes - this.#size;
    if (chunk.length > room) {
      // Copied: a slice would keep the whole chunk alive.
      if (room > 0) this.#chunks.push(Buffer.from(chunk.subarray(0, room)));
      this.#size = this.#maxBytes;
      this.#isCut = true;
      return false;
    }
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    return true;
  }

  get size(): number {
    return this.#size;
  }

  /** What was kept as text: invalid bytes as U+FFFD, never half a character at the end when it was cut. */
  text(): string {
    const bytes = Buffer.concat(this.#chunks, this.#size);
    return this.#isCut ? new StringDecoder("utf8").write(bytes) : bytes.toString("utf8");
  }
}

/**
 * The first bytes of a text, cut at a character boundary.
 *
 * @internal
 */
export function cutBytes(text: string, maxBytes: number): string {
  // A character has at most three bytes per UTF-16 unit: most texts need no encoding at all.
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.from(text.slice(0, maxBytes), "utf8");
  return bytes.length <= maxBytes && text.length <= maxBytes
    ? text
    : new StringDecoder("utf8").write(bytes.subarray(0, maxBytes));
}
