import { DATA, END_STREAM, frame } from "./frame.ts";
import { MAX_FRAME_BYTES } from "./frame-splitter.ts";
import type { Http2Stream } from "./http2-stream.ts";

/** What a peer admits before it says otherwise. @see RFC 9113, 6.9.2 */
export const INITIAL_WINDOW_BYTES: number = 65_535;

/** Sends request bodies as far as the windows of the peer admit. */
export class BodySender {
  readonly #streams: ReadonlyMap<number, Http2Stream>;
  readonly #write: (bytes: Buffer) => void;
  /** Of the connection. */
  #window = INITIAL_WINDOW_BYTES;
  /** Of a new stream. */
  initialWindow: number = INITIAL_WINDOW_BYTES;

  constructor(streams: ReadonlyMap<number, Http2Stream>, write: (bytes: Buffer) => void) {
    this.#streams = streams;
    this.#write = write;
  }

  /** The peer admits more, on one stream or (0) on the connection. */
  grant(streamId: number, bytes: number): void {
    const stream = this.#streams.get(streamId);
    if (streamId === 0) this.#window += bytes;
    else if (stream !== undefined) stream.sendWindow += bytes;
    if (streamId === 0) this.flushAll();
    else if (stream !== undefined) this.flush(stream);
  }

  /** The peer has changed what streams begin with; open ones change by as much. */
  setInitialWindow(bytes: number): void {
    const change = bytes - this.initialWindow;
    this.initialWindow = bytes;
    for (const stream of this.#streams.values()) stream.sendWindow += change;
  }

  flushAll(): void {
    for (const stream of this.#streams.values()) this.flush(stream);
  }

  flush(stream: Http2Stream): void {
    while (stream.pending !== undefined) {
      const count = Math.min(stream.pending.length, stream.sendWindow, this.#window, MAX_FRAME_BYTES);
      if (count <= 0) return;
      const isLast = count === stream.pending.length;
      this.#write(frame(DATA, isLast ? END_STREAM : 0, stream.id, stream.pending.subarray(0, count)));
      stream.sendWindow -= count;
      this.#window -= count;
      stream.pending = isLast ? undefined : stream.pending.subarray(count);
    }
  }
}
