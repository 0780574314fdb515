import { CONTINUATION, END_HEADERS, END_STREAM, HEADERS, PADDED, PRIORITY } from "./frame.ts";
import { tryDecodeHeaders } from "./header-block.ts";

/** Headers of one answer, over all frames that they take. */
export const MAX_HEADER_BYTES: number = 65_536;

/** A complete header block. */
export interface Head {
  readonly streamId: number;
  readonly headers: Record<string, string | string[]>;
  /** The answer ends with it. */
  readonly isLast: boolean;
}

/** Puts header blocks together that come in several frames, which nothing may interrupt. */
export class HeadGatherer {
  #streamId = 0;
  #isLast = false;
  #parts: Buffer[] | undefined;
  #bytes = 0;

  /** A block has begun and not ended: the next frame has to go on with it. */
  get isOpen(): boolean {
    return this.#parts !== undefined;
  }

  /** @returns the block when it is complete, or a problem in plain words. */
  push(type: number, flags: number, streamId: number, payload: Buffer): Head | string | undefined {
    let part = payload;
    if (this.#parts !== undefined) {
      if (type !== CONTINUATION || streamId !== this.#streamId) return "a header block that is interrupted";
    } else {
      if (type !== HEADERS) return "a header block without a beginning";
      const start = ((flags & PADDED) === 0 ? 0 : 1) + ((flags & PRIORITY) === 0 ? 0 : 5);
      const end = payload.length - ((flags & PADDED) === 0 ? 0 : (payload[0] ?? 0));
      if (end < start) return "a frame with more padding than bytes";
      part = payload.subarray(start, end);
      this.#streamId = streamId;
      this.#isLast = (flags & END_STREAM) !== 0;
      this.#parts = [];
      this.#bytes = 0;
    }
    // Empty frames count as well: without end they are a flood.
    this.#bytes += part.length + 1;
    if (this.#bytes > MAX_HEADER_BYTES) return `response headers of more than ${MAX_HEADER_BYTES} bytes`;
    this.#parts.push(part);
    if ((flags & END_HEADERS) === 0) return undefined;
    const block = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts = undefined;
    const headers = tryDecodeHeaders(block);
    return headers === undefined
      ? "response headers that cannot be decoded"
      : { streamId: this.#streamId, headers, isLast: this.#isLast };
  }
}
