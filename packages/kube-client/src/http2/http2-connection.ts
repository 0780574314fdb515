import type { Clock } from "@kinglet/lifecycle";
import type { Duplex } from "node:stream";
import type { TransportRequest, TransportResponse } from "../transport.ts";
import { connectionError, notProcessed } from "../connection-error.ts";
import { clientPreface } from "./client-preface.ts";
import { BodySender, INITIAL_WINDOW_BYTES } from "./body-sender.ts";
import {
  ACK,
  CANCEL,
  CONTINUATION,
  GOAWAY,
  HEADERS,
  PING,
  PROTOCOL_ERROR,
  PUSH_PROMISE,
  REFUSED_STREAM,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
  frame,
} from "./frame.ts";
import { FrameSplitter, MAX_FRAME_BYTES, type FrameHandler } from "./frame-splitter.ts";
import { HeadGatherer } from "./head-gatherer.ts";
import type { Http2Stream } from "./http2-stream.ts";
import { Liveness } from "./liveness.ts";
import { headFrames, tryEncodeHead } from "./request-head.ts";
import { ResponseBody } from "./response-body.ts";

/** What may wait unread per answer. A consumer that stops reading holds no more than this; at 50 ms of round trip it allows 5 MB/s. */
const STREAM_WINDOW_BYTES = 262_144;
/** The connection as a whole is not to be held up by one answer that nobody reads: its window is as large as can be. */
const CONNECTION_WINDOW_BYTES = 0x7fffffff;
/** Until the server says otherwise; also its default. */
const DEFAULT_MAX_STREAMS = 100;

/** Far above the largest body of a request. */
const MAX_UNREAD_BYTES = 8_388_608;

/** The part of a socket that a connection needs. */
export type Http2Socket = Duplex & { ref?(): unknown; unref?(): unknown };

export interface Http2ConnectionOptions {
  readonly authority: string;
  readonly clock: Clock;
  /** Called once, when no further request can be sent on it. */
  readonly onRetire: (connection: Http2Connection) => void;
  /** Called once, when it is closed. */
  readonly onClose?: (connection: Http2Connection) => void;
  /** Called now and then (every 30 s at most) while requests are under way. */
  readonly onTick?: () => void;
}

/**
 * The client's end of one HTTP/2 connection: many requests at a time over one socket.
 *
 * Written here because `node:http2` costs 0.35 MB of heap and 1 MB of anonymous memory more than this, and a connection per watch 0.8 MB
 * (three watches, Node 26; docs/adr). It does what a client of an API server needs, over a socket that is connected already: no push, no
 * priorities, no dynamic header table, no CONNECT.
 *
 * A peer that stays silent for 30 s while requests are under way is pinged, and given up when it stays silent for 15 s more: every request fails then.
 *
 * @see RFC 9113
 */
export class Http2Connection implements FrameHandler {
  readonly #socket: Http2Socket;
  readonly #options: Http2ConnectionOptions;
  readonly #splitter: FrameSplitter = new FrameSplitter(this);
  readonly #streams = new Map<number, Http2Stream>();
  #nextId = 1;
  #maxStreams = DEFAULT_MAX_STREAMS;
  readonly #sender: BodySender;
  #receivedBytes = 0;
  readonly #heads = new HeadGatherer();
  #isRetired = false;
  #isClosed = false;
  readonly #liveness: Liveness;

  constructor(socket: Http2Socket, options: Http2ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#sender = new BodySender(this.#streams, (bytes) => socket.write(bytes));
    this.#liveness = new Liveness(options.clock, {
      onQuiet: () => {
        options.onTick?.();
        this.#socket.write(frame(PING, 0, 0, Buffer.alloc(8)));
      },
      onDead: (quietMs) => {
        const seconds = Math.round(quietMs / 1000);
        this.destroy(connectionError(`no answer to a ping, silent for ${seconds} s`, "ETIMEDOUT"));
      },
      onIdle: () => this.retire(),
    });
    socket.on("data", (chunk: Buffer) => this.#onBytes(chunk));
    socket.on("error", (error: Error) => this.destroy(error));
    socket.on("close", () => this.destroy(connectionError("the connection was closed", "ECONNRESET")));
    socket.on("end", () => this.destroy(connectionError("the server closed the connection", "ECONNRESET")));
    socket.write(clientPreface(STREAM_WINDOW_BYTES));
    this.#grantWindow(0, CONNECTION_WINDOW_BYTES - INITIAL_WINDOW_BYTES);
    this.#liveness.rest();
  }

  /** Requests under way. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Another request may be sent on it. */
  get hasRoom(): boolean {
    return !this.#isRetired && this.#streams.size < this.#maxStreams;
  }

  /**
   * Sends a request and resolves with the head of its answer.
   *
   * @throws the signal's reason; an Error with `wasNotProcessed` when the server certainly did not act on it; otherwise what happened to the connection.
   */
  send(request: TransportRequest, prefix: string): Promise<TransportResponse> {
    const { signal } = request;
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (!this.hasRoom) return Promise.reject(notProcessed("the connection takes no more requests"));
    const head = tryEncodeHead(request, this.#options.authority, prefix);
    if (head === undefined) return Promise.reject(connectionError("a header that cannot be sent", "ERR_INVALID_CHAR"));
    return new Promise((resolve, reject) => {
      const id = this.#nextId;
      this.#nextId += 2;
      const stream: Http2Stream = {
        id,
        request,
        resolve,
        reject,
        body: new ResponseBody(
          (bytes) => this.#onTaken(stream, bytes),
          () => this.#cancel(stream),
        ),
        onAbort: () => {
          this.#cancel(stream);
          this.#settle(stream, signal.reason as Error);
        },
        pending: undefined,
        sendWindow: this.#sender.initialWindow,
        receiveWindow: STREAM_WINDOW_BYTES,
        takenBytes: 0,
        missingBytes: Number.NaN,
        hasHead: false,
      };
      if (this.#streams.size === 0) {
        this.#socket.ref?.();
        this.#liveness.watch();
      }
      this.#streams.set(id, stream);
      signal.addEventListener("abort", stream.onAbort, { once: true });
      const { body = "" } = request;
      this.#socket.write(headFrames(id, head, body === ""));
      if (body !== "") {
        stream.pending = Buffer.from(body);
        this.#sender.flush(stream);
      }
      // Numbers are not used twice.
      if (this.#nextId > 0x7ffffff0) this.retire();
    });
  }

  /**
   * Takes no more requests; closes when those under way have ended.
   *
   * @param options - `endsStreams`: requests that stay open for long (watches) end now, with an error that lets them be made again.
   */
  retire(options: { readonly endsStreams?: boolean } = {}): void {
    if (!this.#isRetired) {
      this.#isRetired = true;
      this.#options.onRetire(this);
    }
    if (options.endsStreams === true) {
      for (const stream of [...this.#streams.values()]) {
        if (stream.request.isStream !== true) continue;
        this.#cancel(stream);
        this.#settle(stream, connectionError("the connection is made again with new credentials", "ECONNRESET"));
      }
    }
    if (this.#streams.size === 0) this.destroy(connectionError("the connection was closed", "ECONNRESET"));
  }

  /** Closes at once; requests under way fail with `error`. */
  destroy(error: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#liveness.end();
    if (!this.#isRetired) {
      this.#isRetired = true;
      this.#options.onRetire(this);
    }
    // A kept connection may be closed just when a request is sent on it, unlike one that never carried an answer.
    if (this.#nextId > 3) Object.assign(error, { wasReusedSocket: true });
    const hadStreams = this.#streams.size > 0;
    for (const stream of [...this.#streams.values()]) this.#settle(stream, error);
    // What was written last (a reset stream, an acknowledgement) still goes out where the peer is well.
    if (hadStreams || this.#socket.writableLength > MAX_FRAME_BYTES) this.#socket.destroy();
    else this.#socket.end(() => this.#socket.destroy());
    this.#options.onClose?.(this);
  }

  onData(streamId: number, piece: Buffer, paddingBytes: number, isLast: boolean): void {
    if (this.#isClosed) return;
    if (this.#heads.isOpen) {
      this.#fail("a header block that is interrupted");
      return;
    }
    this.#receivedBytes += piece.length + paddingBytes;
    if (this.#receivedBytes > CONNECTION_WINDOW_BYTES / 4) {
      this.#grantWindow(0, this.#receivedBytes);
      this.#receivedBytes = 0;
    }
    // Frames for a stream that was given up meanwhile are on their way for a while.
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    if (!stream.hasHead) {
      this.#fail("a body without a head");
      return;
    }
    stream.receiveWindow -= piece.length + paddingBytes;
    if (stream.receiveWindow < 0) {
      this.#fail("more of a body than it was allowed to");
      return;
    }
    if (paddingBytes > 0) this.#onTaken(stream, paddingBytes);
    stream.missingBytes -= piece.length;
    if (stream.missingBytes < 0) {
      this.#fail("more of a body than it announced");
      return;
    }
    if (piece.length > 0) stream.body.push(piece);
    if (isLast) this.#endStream(stream);
  }

  onFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (this.#isClosed) return;
    if (type === HEADERS || type === CONTINUATION || this.#heads.isOpen) {
      const head = this.#heads.push(type, flags, streamId, payload);
      if (typeof head === "string") this.#fail(head);
      else if (head !== undefined) this.#onHead(head.streamId, head.headers, head.isLast);
      return;
    }
    switch (type) {
      case SETTINGS:
        this.#onSettings(flags, payload);
        break;
      case PING:
        if ((flags & ACK) === 0 && payload.length === 8) this.#answer(frame(PING, ACK, 0, payload));
        break;
      case GOAWAY:
        this.#onGoAway(payload);
        break;
      case RST_STREAM:
        this.#onReset(streamId, payload);
        break;
      case WINDOW_UPDATE:
        if (payload.length >= 4) this.#sender.grant(streamId, payload.readUInt32BE(0) & 0x7fffffff);
        break;
      case PUSH_PROMISE:
        this.#fail("a pushed answer, which was not offered");
        break;
      default:
      // Unknown frames are to be ignored.
    }
  }

  #onBytes(chunk: Buffer): void {
    if (this.#isClosed) return;
    this.#liveness.heard();
    const problem = this.#splitter.push(chunk);
    if (problem !== undefined) this.#fail(problem);
  }

  #onHead(streamId: number, headers: Record<string, string | string[]>, isLast: boolean): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    if (!stream.hasHead) {
      const status = Number(headers[":status"]);
      if (!(status >= 100 && status <= 999)) {
        this.#fail("an answer without a status");
        return;
      }
      // 1xx announce the real head.
      if (status < 200) return;
      delete headers[":status"];
      stream.hasHead = true;
      const length = headers["content-length"];
      const hasBody = stream.request.method !== "HEAD" && status !== 204 && status !== 304;
      if (hasBody && typeof length === "string" && /^\d+$/.test(length)) stream.missingBytes = Number(length);
      stream.resolve({ status, headers, body: stream.body });
    }
    // Headers after the body are trailers, of no interest beyond the end they mark.
    if (isLast) this.#endStream(stream);
  }

  #onSettings(flags: number, payload: Buffer): void {
    if ((flags & ACK) !== 0) return;
    for (let offset = 0; offset + 6 <= payload.length; offset += 6) {
      const value = payload.readUInt32BE(offset + 2);
      switch (payload.readUInt16BE(offset)) {
        case 3:
          this.#maxStreams = value;
          break;
        case 4:
          this.#sender.setInitialWindow(value);
          break;
        default:
      }
    }
    this.#answer(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
    this.#sender.flushAll();
  }

  /** A server that asks for answers without reading them must not fill our memory with them. */
  #answer(bytes: Buffer): void {
    if (this.#socket.writableLength > MAX_UNREAD_BYTES) this.#fail("requests for answers that it does not read");
    else this.#socket.write(bytes);
  }

  #onGoAway(payload: Buffer): void {
    if (payload.length < 8) return;
    const last = payload.readUInt32BE(0) & 0x7fffffff;
    if (!this.#isRetired) {
      this.#isRetired = true;
      this.#options.onRetire(this);
    }
    for (const stream of [...this.#streams.values()]) {
      if (stream.id > last) this.#settle(stream, notProcessed("the server is going away"));
    }
    if (this.#streams.size === 0) this.destroy(connectionError("the server is going away", "ECONNRESET"));
  }

  #onReset(streamId: number, payload: Buffer): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    const code = payload.length >= 4 ? payload.readUInt32BE(0) : 0;
    // A server that has answered completely may tell us to stop sending: that is no fault.
    const error =
      code === REFUSED_STREAM
        ? notProcessed("the server refused the request")
        : connectionError(`the server broke the answer off (HTTP/2 error ${code})`, "ECONNRESET");
    this.#settle(stream, error);
  }

  #onTaken(stream: Http2Stream, bytes: number): void {
    stream.takenBytes += bytes;
    if (stream.takenBytes < STREAM_WINDOW_BYTES / 2 || !this.#streams.has(stream.id)) return;
    this.#grantWindow(stream.id, stream.takenBytes);
    stream.receiveWindow += stream.takenBytes;
    stream.takenBytes = 0;
  }

  #grantWindow(streamId: number, bytes: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(bytes);
    this.#socket.write(frame(WINDOW_UPDATE, 0, streamId, payload));
  }

  /** The answer is complete. */
  #endStream(stream: Http2Stream): void {
    if (stream.missingBytes > 0) {
      this.#settle(stream, connectionError(`the answer ended ${stream.missingBytes} bytes early`, "ECONNRESET"));
      return;
    }
    // The server has answered without reading all of the request: tell it that the rest will not come.
    if (stream.pending !== undefined) this.#cancel(stream);
    this.#settle(stream);
  }

  #cancel(stream: Http2Stream): void {
    if (!this.#streams.has(stream.id) || this.#isClosed) return;
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(CANCEL);
    this.#socket.write(frame(RST_STREAM, 0, stream.id, payload));
    this.#remove(stream);
  }

  #settle(stream: Http2Stream, error?: Error): void {
    this.#remove(stream);
    if (error !== undefined) stream.reject(error);
    stream.body.end(error);
  }

  #remove(stream: Http2Stream): void {
    if (!this.#streams.delete(stream.id)) return;
    stream.request.signal.removeEventListener("abort", stream.onAbort);
    stream.pending = undefined;
    if (this.#streams.size > 0 || this.#isClosed) return;
    if (this.#isRetired) {
      this.destroy(connectionError("the connection was closed", "ECONNRESET"));
      return;
    }
    this.#socket.unref?.();
    this.#liveness.rest();
  }

  /** The peer breaks the rules: nothing of it can be believed any more. */
  #fail(problem: string): void {
    if (this.#isClosed) return;
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(PROTOCOL_ERROR, 4);
    this.#socket.write(frame(GOAWAY, 0, 0, payload));
    this.destroy(connectionError(`the server sent ${problem}`, "EPROTO"));
  }
}
