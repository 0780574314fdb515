import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type ServerHttp2Session } from "node:http2";
import { createGzip, gzipSync, type Gzip } from "node:zlib";
import type { AuditTrail } from "../audit/audit-trail.ts";
import type { ApiRefusal } from "../refusals/api-refusal.ts";
import type { UserInfo } from "../authorization/user-info.ts";
import type { FaultAction } from "../faults/fault-action.ts";
import type { JournalEntry } from "./request-journal.ts";
import { WarningHeaders } from "./warning-headers.ts";
import { MEDIA_TYPES, negotiate } from "../representation/negotiate.ts";
import { protobufEncoder, toJsonText, toYamlText } from "../representation/serialize.ts";

/** Answers above this are compressed for clients that ask for it, bytes. */
const COMPRESSED_ABOVE_BYTES = 131_072;

/**
 * One request and the way to answer it. Every byte of a body passes through here, so that a fault can cut it anywhere.
 */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly path: string;
  /** Fires when the connection is gone or the answer complete: nothing may wait on behalf of this request after that. */
  readonly signal: AbortSignal;
  /** Who asks; set once he is known. */
  user: UserInfo | undefined;
  #record: AuditTrail | undefined;
  readonly #warnings = new WarningHeaders();
  /** The fault that the request has met, for what it does to a body on its way out. */
  fault: FaultAction | undefined;
  readonly #entry: JournalEntry;
  readonly #now: () => number;
  #gzip: Gzip | undefined;
  #isClosed = false;
  #cutAfterBytes = Number.POSITIVE_INFINITY;
  #bodyBytes = 0;
  #isCut = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    entry: JournalEntry,
    now: () => number = () => entry.at,
  ) {
    this.request = request;
    this.response = response;
    this.path = url.pathname;
    this.query = url.searchParams;
    this.#entry = entry;
    this.#now = now;
    const closed = new AbortController();
    this.signal = closed.signal;
    response.once("close", () => {
      this.#isClosed = true;
      closed.abort();
      this.#record?.complete();
    });
  }

  /** The client has gone, or the answer has been cut or ended. */
  get isOver(): boolean {
    return this.#isCut || this.#isClosed || this.response.writableEnded || this.response.destroyed;
  }

  /** The simulator's time, milliseconds since 1970-01-01 UTC. */
  now(): number {
    return this.#now();
  }

  /** The request's part of the audit log, when one is kept. */
  get record(): AuditTrail | undefined {
    return this.#record;
  }

  /** From now on what happens to the request is recorded. */
  keepRecord(record: AuditTrail): void {
    this.#record = record;
  }

  /** The client reads gzip. */
  get acceptsGzip(): boolean {
    return /(^|[,\s])gzip\s*(;\s*q=(1|0\.[0-9]*[1-9])[0-9.]*\s*)?(,|$)/.test(
      this.request.headers["accept-encoding"]?.toString() ?? "",
    );
  }

  /** Adds a `Warning` header to the answer; to be called before it starts. */
  warn(text: string): void {
    this.#warnings.add(text);
  }

  /** Body bytes after which nothing more goes out; 0 ends it before the head. `how` it ends is up to the fault. */
  cutAfter(bytes: number): void {
    this.#cutAfterBytes = bytes;
  }

  /** Writes what is the last of a body and then ends it as the fault wants: a reset, an orderly end in the middle, or silence. */
  writeLast(bytes: Buffer): void {
    if (this.isOver) return;
    this.response.write(bytes, () => this.#cut());
    this.#isCut = true;
  }

  /** Sends the head of an answer whose body follows with {@link write}. */
  start(status: number, contentType: string, headers: Readonly<Record<string, string>> = {}): void {
    this.#entry.status = status;
    this.#record?.start(status);
    if (this.#cutAfterBytes <= 0 && this.fault?.kind !== "blackhole") {
      this.#cut();
      return;
    }
    const isInMembers = this.fault?.kind === "gzip-members" && this.acceptsGzip;
    const own = {
      ...(isInMembers ? { "content-encoding": "gzip" } : {}),
      ...(this.fault?.kind === "go-away" && this.request.httpVersionMajor === 1 ? { connection: "close" } : {}),
      "content-type": contentType,
      "cache-control": "no-cache, private",
    };
    this.response.writeHead(status, { ...headers, ...this.#ownHeaders(), ...own });
    this.response.flushHeaders();
  }

  /** Like {@link start}, with the body compressed: its length is not known yet, so the caller says that it will be long. */
  startCompressed(status: number, contentType: string): void {
    this.start(status, contentType, { "content-encoding": "gzip", vary: "Accept-Encoding" });
    this.#gzip = createGzip({ level: 1 });
    this.#gzip.on("data", (bytes: Buffer) => this.#writeBytes(bytes));
    this.#gzip.on("end", () => this.#finish());
  }

  /** @returns false when the client does not read fast enough: wait for `drain` on the response. */
  write(text: string | Buffer): boolean {
    const bytes = typeof text === "string" ? Buffer.from(text) : text;
    if (this.#gzip === undefined) return this.#writeBytes(bytes);
    this.#gzip.write(bytes);
    return !this.response.writableNeedDrain;
  }

  #writeBytes(bytes: Buffer): boolean {
    if (this.isOver) return true;
    const room = this.#cutAfterBytes - this.#bodyBytes;
    this.#bodyBytes += bytes.length;
    if (bytes.length < room) return this.#writePieces(bytes);
    if (room > 0) this.response.write(bytes.subarray(0, room), () => this.#cut());
    else this.#cut();
    this.#isCut = true;
    return true;
  }

  /** Most bodies go out as they come; two faults cut them into pieces of another kind. */
  #writePieces(bytes: Buffer): boolean {
    const { fault } = this;
    if (fault?.kind === "gzip-members" && this.acceptsGzip) return this.response.write(gzipSync(bytes));
    if (fault?.kind !== "trickle") return this.response.write(bytes);
    let hasRoom = true;
    for (let at = 0; at < bytes.length; at += fault.bytes) {
      hasRoom = this.response.write(bytes.subarray(at, at + fault.bytes));
    }
    return hasRoom;
  }

  /** Resolves when the client has read enough to go on writing, or has gone. */
  waitForRoom(): Promise<void> {
    const { response } = this;
    return new Promise((resolve) => {
      const settle = (): void => {
        response.off("drain", settle);
        response.off("close", settle);
        resolve();
      };
      response.on("drain", settle);
      response.on("close", settle);
      if (this.isOver) settle();
    });
  }

  end(): void {
    if (this.#gzip === undefined) this.#finish();
    else this.#gzip.end();
  }

  #finish(): void {
    if (this.isOver) return;
    // Written before the client has the end of the answer.
    this.#record?.complete();
    this.response.end();
  }

  sendText(
    status: number,
    contentType: string,
    text: string | Buffer,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    let body = typeof text === "string" ? Buffer.from(text) : text;
    let own = headers;
    if (body.length > COMPRESSED_ABOVE_BYTES && this.acceptsGzip) {
      body = gzipSync(body, { level: 1 });
      own = { ...headers, "content-encoding": "gzip", vary: "Accept-Encoding" };
    }
    if (this.fault === undefined) {
      this.#entry.status = status;
      this.#record?.start(status);
      this.response.writeHead(status, {
        "cache-control": "no-cache, private",
        ...own,
        ...this.#ownHeaders(),
        "content-type": contentType,
        "content-length": String(body.length),
      });
      this.#record?.complete();
      this.response.end(this.request.method === "HEAD" ? undefined : body);
      return;
    }
    this.start(status, contentType, own);
    this.write(body);
    this.end();
  }

  /**
   * Sends an object of the API in the encoding that the client asked for first and that there is for it: JSON, YAML or, for
   * built-in kinds, protobuf.
   */
  sendJson(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
    // What cannot be negotiated is answered past the encoders, which are what is recorded.
    if (status !== 406) this.#record?.answer(value);
    const { apiVersion = "", kind = "" } = value as { apiVersion?: string; kind?: string };
    const encodings = ["json", "yaml", "protobuf"] as const;
    const allowsTransforms = status < 400;
    const chosen = negotiate(this.request.headers.accept, { encodings, allowsTransforms, isCustom: false });
    if (chosen?.encoding === "protobuf" && protobufEncoder().knows(apiVersion, kind)) {
      this.sendText(status, MEDIA_TYPES.protobuf, protobufEncoder().encode(apiVersion, kind, value as object), headers);
    } else if (chosen?.encoding === "yaml") {
      void toYamlText(value)
        .then((text) => {
          if (!this.isOver) this.sendText(status, MEDIA_TYPES.yaml, text, headers);
        })
        // There is no other way left to say what is wrong.
        .catch(() => void this.response.destroy());
    } else {
      this.sendText(status, MEDIA_TYPES.json, `${toJsonText(value)}\n`, headers);
    }
  }

  sendRefusal(refusal: ApiRefusal): void {
    const wait = refusal.retryAfterSeconds;
    this.sendJson(refusal.body.code ?? 500, refusal.body, wait === undefined ? {} : { "retry-after": String(wait) });
  }

  #ownHeaders(): Record<string, string | string[]> {
    const { values } = this.#warnings;
    return {
      ...(this.#record === undefined ? {} : { "audit-id": this.#record.id }),
      ...(values.length === 0 ? {} : { warning: [...values] }),
    };
  }

  #cut(): void {
    this.#isCut = true;
    const { fault, response } = this;
    if (fault?.kind === "blackhole") return;
    if (fault?.kind === "cut" && fault.how === "end") {
      // Ends the connection where it stands: neither the rest of a line nor the closing chunk follows.
      const { socket } = response;
      if (socket === null || this.request.httpVersionMajor > 1) response.end();
      else socket.end();
      return;
    }
    const { stream } = response as unknown as { stream?: { session?: ServerHttp2Session } };
    if (stream?.session !== undefined) stream.session.destroy(constants.NGHTTP2_INTERNAL_ERROR as never);
    else if (response.socket === null) response.destroy();
    else response.socket.destroy();
  }

  /** Asks an HTTP/2 client to leave the connection once this answer is done. */
  askToLeave(): void {
    const { stream } = this.response as unknown as { stream?: { session?: { goaway(): void } } };
    stream?.session?.goaway();
  }
}
