// Hot path: `push` runs once per chunk of the stream. A message that lies whole in its chunk is handed on without a copy.
import { Buffer } from "node:buffer";

/** Bytes before every message: one for compression, four for the length. */
const headBytes = 5;

/** Settings of a {@link FrameReader}. @internal */
export interface FrameReaderOptions {
  /** Longer messages are passed over, bytes. */
  readonly maxMessageBytes: number;
  /** Gets `bytes[start, end)`, which may be used until it returns. */
  readonly onMessage: (bytes: Buffer, start: number, end: number) => void;
  /** A message was too long and is being passed over; nothing of it is kept. */
  readonly onTooLong: (length: number) => void;
}

/**
 * Cuts the body of a gRPC call into messages, wherever its chunks begin and end.
 *
 * Memory: at most one message, and that only while its end has not come.
 *
 * @see gRPC over HTTP/2, "Length-Prefixed-Message"
 * @internal
 */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  readonly #head: Buffer = Buffer.alloc(headBytes);
  #headFill = 0;
  #message: Buffer | undefined;
  #messageFill = 0;
  /** Bytes of a too long message that are still to come. */
  #toSkip = 0;

  constructor(options: FrameReaderOptions) {
    this.#options = options;
  }

  /** True between two messages: a body that ends anywhere else was cut. */
  get isBetweenMessages(): boolean {
    return this.#headFill === 0 && this.#message === undefined && this.#toSkip === 0;
  }

  /** @returns false for a compressed message, which was never asked for: the stream cannot be read on. */
  push(chunk: Buffer): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#toSkip > 0) {
        const count = Math.min(this.#toSkip, chunk.length - at);
        this.#toSkip -= count;
        at += count;
      } else if (this.#message !== undefined) at = this.#fill(this.#message, chunk, at);
      else {
        at = this.#readHead(chunk, at);
        if (at < 0) return false;
      }
    }
    return true;
  }

  #readHead(chunk: Buffer, start: number): number {
    let at = start;
    let head = chunk;
    let headAt = start;
    if (this.#headFill > 0 || chunk.length - start < headBytes) {
      const count = Math.min(headBytes - this.#headFill, chunk.length - start);
      chunk.copy(this.#head, this.#headFill, start, start + count);
      this.#headFill += count;
      if (this.#headFill < headBytes) return chunk.length;
      this.#headFill = 0;
      at += count;
      head = this.#head;
      headAt = 0;
    } else at += headBytes;
    if (head[headAt] !== 0) return -1;
    const length = head.readUInt32BE(headAt + 1);
    if (length > this.#options.maxMessageBytes) {
      this.#options.onTooLong(length);
      this.#toSkip = length;
    } else if (at + length <= chunk.length) {
      this.#options.onMessage(chunk, at, at + length);
      at += length;
    } else {
      this.#message = Buffer.allocUnsafeSlow(length);
      this.#messageFill = 0;
    }
    return at;
  }

  #fill(message: Buffer, chunk: Buffer, at: number): number {
    const count = Math.min(message.length - this.#messageFill, chunk.length - at);
    chunk.copy(message, this.#messageFill, at, at + count);
    this.#messageFill += count;
    if (this.#messageFill === message.length) {
      this.#message = undefined;
      this.#options.onMessage(message, 0, message.length);
    }
    return at + count;
  }
}

/** A message with its five bytes in front. @internal */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headBytes + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, headBytes);
  return frame;
}
