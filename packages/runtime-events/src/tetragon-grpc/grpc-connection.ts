import { Buffer } from "node:buffer";
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Clock } from "@kinglet/lifecycle";
import { FrameReader, frameOf } from "./frame-reader.ts";
import { describeStatus, statusOf, type GrpcStatus } from "./grpc-status.ts";
import type { GrpcSocket } from "./open-socket.ts";

/** What the agent may send before it hears from us again: its own queue behind it holds 10,000 events, so this only has to cover a chunk or two of stall. */
const windowBytes = 4_194_304;
/** Answers of unary calls are small; policies are the largest. */
const maxUnaryBytes = 1_048_576;
/** After GOAWAY the streams may go on; an agent that goes away is gone within this time. */
const drainMs = 5_000;

/** What a stream of messages is read with. @internal */
export interface StreamReader {
  readonly maxMessageBytes: number;
  /** Gets `bytes[start, end)`, which may be used until it returns. */
  readonly onMessage: (bytes: Buffer, start: number, end: number) => void;
  readonly onTooLong: (length: number) => void;
  /** All messages of a chunk were handed on. */
  readonly onChunkEnd: () => void;
}

/** The answer of a unary call. @internal */
export type UnaryAnswer =
  | { readonly outcome: "message"; readonly bytes: Buffer }
  | { readonly outcome: "status"; readonly status: GrpcStatus }
  | { readonly outcome: "timeout" };

/**
 * One HTTP/2 connection to a gRPC server: calls, pings, and the one reason for which it ended.
 *
 * Nothing is ever left unread: flow control never makes the agent wait for us, because it would drop events silently then.
 *
 * @internal
 */
export class GrpcConnection {
  /** Monotonic time of the last sign of life, milliseconds. */
  lastSignMs: number;
  /** Resolves with the reason, one sentence, when the connection is over; never rejects. */
  readonly closed: Promise<string>;
  readonly #session: ClientHttp2Session;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #authority: string;
  #reason = "";

  /** @param socket - connected, and with TLS done where there is any. */
  constructor(socket: GrpcSocket, clock: Clock) {
    this.#clock = clock;
    this.#authority = socket.authority;
    this.#socket = socket.stream;
    this.lastSignMs = clock.monotonicMs();
    this.#session = connect(`${socket.scheme}://${socket.authority}`, {
      createConnection: () => socket.stream,
      settings: { enablePush: false, initialWindowSize: windowBytes },
    });
    this.closed = new Promise((resolve) => {
      const over = (): void => resolve(this.#reason === "" ? "the agent closed the connection" : this.#reason);
      this.#session.once("close", over);
      // Node 26 destroys a session whose TLS socket fails right after the handshake (TLS 1.3 refuses clients then) without a word.
      socket.stream.on("error", (error) => {
        this.#because(error.message);
        socket.stream.destroy();
        over();
      });
      socket.stream.once("close", over);
    });
    this.#session.once("connect", () => this.#session.setLocalWindowSize(windowBytes));
    this.#session.on("error", (error: Error) => this.#because(error.message));
    this.#session.on("goaway", (code: number, _last: number, data?: Buffer) => this.#goAway(code, data));
  }

  /** Ends everything; the first reason is the one that `closed` tells. */
  destroy(reason: string): void {
    this.#because(reason);
    this.#session.destroy();
    this.#socket.destroy();
  }

  /** Resolves true when the other end answered, false after `timeoutMs` or when the connection is over. */
  ping(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#session.destroyed || this.#session.closed) {
        resolve(false);
        return;
      }
      const timer = this.#clock.startTimer(() => resolve(false), timeoutMs);
      this.#session.ping((error) => {
        timer.cancel();
        if (error === null) this.#alive();
        resolve(error === null);
      });
    });
  }

  /** One message there, one back. Never rejects. */
  unary(method: string, message: Uint8Array, timeoutMs: number): Promise<UnaryAnswer> {
    return new Promise((resolve) => {
      let bytes: Buffer | undefined;
      const stream = this.#request(method, message, Math.ceil(timeoutMs / 1000));
      if (typeof stream === "string") {
        resolve({ outcome: "status", status: { code: "", message: stream } });
        return;
      }
      const timer = this.#clock.startTimer(() => {
        resolve({ outcome: "timeout" });
        stream.close(constants.NGHTTP2_CANCEL);
      }, timeoutMs);
      const reader = new FrameReader({
        maxMessageBytes: maxUnaryBytes,
        onMessage: (chunk, start, end) => {
          bytes ??= Buffer.from(chunk.subarray(start, end));
        },
        onTooLong: () => {},
      });
      stream.on("data", (chunk: Buffer) => {
        this.#alive();
        if (!reader.push(chunk)) stream.close(constants.NGHTTP2_CANCEL);
      });
      void this.#statusOf(stream).then((status) => {
        timer.cancel();
        resolve(
          status.code === "OK" && bytes !== undefined ? { outcome: "message", bytes } : { outcome: "status", status },
        );
      });
    });
  }

  /** A call that answers with many messages. @returns how it ended; never rejects. */
  serverStream(method: string, message: Uint8Array, reader: StreamReader): Promise<string> {
    const stream = this.#request(method, message, undefined);
    if (typeof stream === "string") return Promise.resolve(stream);
    const frames = new FrameReader(reader);
    let isUnreadable = false;
    stream.on("data", (chunk: Buffer) => {
      this.#alive();
      isUnreadable ||= !frames.push(chunk);
      if (isUnreadable) stream.close(constants.NGHTTP2_CANCEL);
      reader.onChunkEnd();
    });
    return this.#statusOf(stream).then((status) => {
      if (isUnreadable && !status.code.startsWith("HTTP_")) return "a message is compressed, which was not asked for";
      const cut = frames.isBetweenMessages ? "" : ", inside a message";
      return `${status.code === "OK" ? "the agent ended it" : describeStatus(status)}${cut}`;
    });
  }

  #request(method: string, message: Uint8Array, timeoutSeconds: number | undefined): ClientHttp2Stream | string {
    if (this.#session.destroyed || this.#session.closed) return "the connection is over";
    const stream = this.#session.request(
      {
        ":method": "POST",
        ":path": `/tetragon.FineGuidanceSensors/${method}`,
        ":authority": this.#authority,
        "content-type": "application/grpc",
        te: "trailers",
        "grpc-accept-encoding": "identity",
        "user-agent": "kinglet",
        ...(timeoutSeconds === undefined ? {} : { "grpc-timeout": `${timeoutSeconds}S` }),
      },
      { endStream: false },
    );
    stream.end(frameOf(message));
    return stream;
  }

  /** How a call ended, whatever ended it. */
  #statusOf(stream: ClientHttp2Stream): Promise<GrpcStatus> {
    return new Promise((resolve) => {
      let status: GrpcStatus | undefined;
      let failure = "";
      const look = (headers: Readonly<Record<string, unknown>>): void => {
        this.#alive();
        status ??= statusOf(headers);
        // An answer that is no gRPC may have a body without end.
        if (status?.code.startsWith("HTTP_") === true) stream.close(constants.NGHTTP2_CANCEL);
      };
      stream.on("response", look);
      stream.on("trailers", look);
      stream.on("error", (error: Error) => {
        failure = error.message;
      });
      stream.once("close", () => {
        const reset =
          stream.rstCode === undefined || stream.rstCode === 0 ? "" : `stream reset by code ${stream.rstCode}`;
        const message = this.#reason || failure || reset || "the stream ended without a status";
        // Without a code: this is what we say, not what the agent said.
        resolve(status ?? { code: "", message });
      });
    });
  }

  #goAway(code: number, data: Buffer | undefined): void {
    const said = data === undefined ? "" : ` (${data.toString("latin1", 0, 100).replace(/[^ -~]/g, " ")})`;
    this.#because(`the agent said that it goes away, code ${code}${said}`);
    const timer = this.#clock.startTimer(() => this.#session.destroy(), drainMs);
    void this.closed.then(() => timer.cancel());
  }

  #because(reason: string): void {
    if (this.#reason === "") this.#reason = reason;
  }

  #alive(): void {
    this.lastSignMs = this.#clock.monotonicMs();
  }
}
