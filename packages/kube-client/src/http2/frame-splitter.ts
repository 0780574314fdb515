/** What a connection does with the frames of its peer. */
export interface FrameHandler {
  /** Payload of a DATA frame in pieces as they arrive; `paddingBytes` came besides and count for flow control. */
  onData(streamId: number, piece: Buffer, paddingBytes: number, isLastOfStream: boolean): void;
  /** Any other frame, complete. */
  onFrame(type: number, flags: number, streamId: number, payload: Buffer): void;
}

const FRAME_HEAD_BYTES = 9;
/** The size that every peer has to keep to as long as no larger one is offered. @see RFC 9113, 4.2 */
export const MAX_FRAME_BYTES: number = 16_384;

const DATA = 0;
const END_STREAM = 0x1;
const PADDED = 0x8;

/**
 * Cuts the bytes of an HTTP/2 connection into frames. DATA is passed on piece by piece as it arrives, so that a large frame is never gathered;
 * the other frames are at most 16 KiB.
 */
export class FrameSplitter {
  readonly #handler: FrameHandler;
  readonly #head = Buffer.alloc(FRAME_HEAD_BYTES);
  #headBytes = 0;
  #type = 0;
  #flags = 0;
  #streamId = 0;
  /** Bytes of the frame still to come, padding included; -1 between frames. */
  #left = -1;
  #padding = 0;
  #isPadLengthDue = false;
  #payload: Buffer | undefined;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** @returns a problem in plain words when the bytes are not HTTP/2; nothing may be pushed after that. */
  push(chunk: Buffer): string | undefined {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#left < 0) {
        const count = Math.min(FRAME_HEAD_BYTES - this.#headBytes, chunk.length - offset);
        chunk.copy(this.#head, this.#headBytes, offset, offset + count);
        this.#headBytes += count;
        offset += count;
        if (this.#headBytes < FRAME_HEAD_BYTES) return undefined;
        const problem = this.#begin();
        if (problem !== undefined) return problem;
      } else {
        const count = Math.min(this.#left, chunk.length - offset);
        const problem =
          this.#type === DATA
            ? this.#data(chunk.subarray(offset, offset + count))
            : this.#gather(chunk.subarray(offset, offset + count));
        if (problem !== undefined) return problem;
        offset += count;
      }
    }
    return undefined;
  }

  #begin(): string | undefined {
    const head = this.#head;
    this.#headBytes = 0;
    this.#left = head.readUIntBE(0, 3);
    this.#type = head[3]!;
    this.#flags = head[4]!;
    this.#streamId = head.readUInt32BE(5) & 0x7fffffff;
    if (this.#left > MAX_FRAME_BYTES) return `a frame of ${this.#left} bytes`;
    if (this.#type === DATA) {
      this.#isPadLengthDue = (this.#flags & PADDED) !== 0;
      if (this.#isPadLengthDue && this.#left === 0) return "a padded frame without padding";
      this.#padding = 0;
      if (this.#left === 0) this.#data(Buffer.alloc(0));
    } else if (this.#left === 0) {
      this.#gather(Buffer.alloc(0));
    }
    return undefined;
  }

  #data(bytes: Buffer): string | undefined {
    let piece = bytes;
    this.#left -= bytes.length;
    if (this.#isPadLengthDue) {
      this.#isPadLengthDue = false;
      this.#padding = piece[0]!;
      piece = piece.subarray(1);
      if (this.#padding > this.#left + piece.length) return "a frame with more padding than bytes";
    }
    // Padding comes last: of what is left after this piece, `padding` bytes are none of the body.
    const paddingHere = Math.max(0, this.#padding - this.#left);
    const body = piece.subarray(0, Math.max(0, piece.length - paddingHere));
    const isFrameEnd = this.#left === 0;
    if (isFrameEnd) this.#left = -1;
    this.#handler.onData(
      this.#streamId,
      body,
      bytes.length - body.length,
      isFrameEnd && (this.#flags & END_STREAM) !== 0,
    );
    return undefined;
  }

  #gather(bytes: Buffer): undefined {
    let payload = bytes;
    if (this.#payload !== undefined || bytes.length < this.#left) {
      this.#payload = this.#payload === undefined ? Buffer.from(bytes) : Buffer.concat([this.#payload, bytes]);
      payload = this.#payload;
    }
    this.#left -= bytes.length;
    if (this.#left > 0) return undefined;
    this.#left = -1;
    this.#payload = undefined;
    this.#handler.onFrame(this.#type, this.#flags, this.#streamId, payload);
    return undefined;
  }
}
