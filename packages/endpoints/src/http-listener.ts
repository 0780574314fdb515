import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createError } from "@kinglet/errors";
import type { Clock, ClockTimer } from "@kinglet/lifecycle";
import type { BindAddress } from "./bind-address.ts";
import { endpointsErrors } from "./errors.ts";
import { listenLean } from "./listen-lean.ts";

/** What a client may take; each is answered or cut off, never waited for. */
const listenerLimits = {
  maxHeaderBytes: 8192,
  maxBodyBytes: 65_536,
  /** Connections at a time; the oldest one that has no request under way gives way to a new one. */
  maxConnections: 64,
  /** From connecting, or from the end of the last answer, to a complete request; also for the client to take an answer. */
  idleTimeoutMs: 10_000,
  /** How long closing waits for requests under way. */
  closeTimeoutMs: 2000,
} as const;

/**
 * Answers one request. `body` is empty unless the method carries one.
 *
 * @internal
 */
export type Answer = (request: IncomingMessage, body: string) => Promise<HttpReply>;

/** @internal */
export interface HttpReply {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * An HTTP server for a handful of trusted clients on an untrusted network.
 *
 * Every connection has one deadline at a time, so there is no timer without a connection: Node's own check of all connections
 * (every 30 s for ever) is pushed out of the way.
 *
 * @internal
 */
export class HttpListener implements AsyncDisposable {
  readonly #answer: Answer;
  readonly #clock: Clock;
  readonly #server: Server;
  /** Deadline by connection, in the order of connecting; `undefined` while a request is under way. */
  readonly #connections = new Map<Socket, ClockTimer | undefined>();
  #closing: Promise<void> | undefined;

  constructor(answer: Answer, clock: Clock) {
    this.#answer = answer;
    this.#clock = clock;
    this.#server = createServer({
      maxHeaderSize: listenerLimits.maxHeaderBytes,
      connectionsCheckingInterval: 0x7f_ff_ff_ff,
      keepAliveTimeout: 0,
      requestTimeout: 0,
      headersTimeout: 0,
    });
    this.#server.maxHeadersCount = 50;
    this.#server.on("connection", (socket: Socket) => this.#onConnection(socket));
    this.#server.on("request", (request, response) => {
      void this.#onRequest(request, response);
    });
    // The reply is Node's: 400 or 431, then the connection is closed.
  }

  /** @throws `KINGLET_ERR_ENDPOINTS_PORT_IN_USE`, `KINGLET_ERR_ENDPOINTS_ADDRESS`. */
  listen(bind: BindAddress): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error) => reject(listenError(bind, error)));
      const onListening = (): void => {
        this.#server.removeAllListeners("error");
        // Accepting can fail later (descriptors used up); the next connection may be fine again.
        this.#server.on("error", () => {});
        resolve(this.#server.address() as AddressInfo);
      };
      this.#server.once("listening", onListening);
      listenLean(this.#server, bind);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const [socket, deadline] of this.#connections) if (deadline !== undefined) socket.destroy();
    const timer = this.#clock.startTimer(() => {
      for (const socket of this.#connections.keys()) socket.destroy();
    }, listenerLimits.closeTimeoutMs);
    await closed;
    timer.cancel();
  }

  #onConnection(socket: Socket): void {
    if (this.#connections.size >= listenerLimits.maxConnections) this.#dropOldest();
    this.#startDeadline(socket);
    socket.once("close", () => {
      this.#connections.get(socket)?.cancel();
      this.#connections.delete(socket);
    });
    socket.on("error", () => {
      // A client that resets its connection is no fault of ours; "close" follows.
    });
  }

  #dropOldest(): void {
    for (const [socket, deadline] of this.#connections) {
      if (deadline === undefined) continue;
      deadline.cancel();
      this.#connections.delete(socket);
      socket.destroy();
      return;
    }
  }

  #startDeadline(socket: Socket): void {
    this.#connections.get(socket)?.cancel();
    const timer = this.#clock.startTimer(() => socket.destroy(), listenerLimits.idleTimeoutMs);
    timer.unref();
    this.#connections.set(socket, timer);
  }

  #stopDeadline(socket: Socket): void {
    this.#connections.get(socket)?.cancel();
    if (this.#connections.has(socket)) this.#connections.set(socket, undefined);
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    // The body still counts against the deadline that runs since the connection came or the last answer went.
    const body = await readBody(request);
    if (socket.destroyed) return;
    this.#stopDeadline(socket);
    let reply: HttpReply;
    try {
      reply =
        body === undefined
          ? { status: 413, body: "request body is too large\n", headers: { connection: "close" } }
          : await this.#answer(request, body);
    } catch {
      // The answer functions report their own faults; whatever still comes here must not reach the client.
      reply = { status: 500, body: "internal error\n" };
    }
    if (socket.destroyed) return;
    this.#startDeadline(socket);
    response.once("finish", () => {
      if (!socket.destroyed) this.#startDeadline(socket);
    });
    response.writeHead(reply.status, {
      "content-type": reply.contentType ?? "text/plain; charset=utf-8",
      "content-length": Buffer.byteLength(reply.body),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...reply.headers,
      ...(this.#closing === undefined ? {} : { connection: "close" }),
    });
    response.end(request.method === "HEAD" ? undefined : reply.body);
  }
}

/** `undefined` when the body is larger than the bound; the rest of it is not read. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > listenerLimits.maxBodyBytes) return undefined;
      chunks.push(chunk);
    }
  } catch {
    // The client went away in the middle; nobody waits for an answer.
    request.socket.destroy();
    return undefined;
  }
  return chunks.length === 0 ? "" : Buffer.concat(chunks).toString("utf8");
}

function listenError(bind: BindAddress, cause: NodeJS.ErrnoException): Error {
  const text = `${bind.host ?? ""}:${bind.port}`;
  if (cause.code === "EADDRINUSE") {
    return createError(endpointsErrors, "KINGLET_ERR_ENDPOINTS_PORT_IN_USE", { bind: text }, { cause });
  }
  return createError(endpointsErrors, "KINGLET_ERR_ENDPOINTS_ADDRESS", { bind: text, reason: cause.code }, { cause });
}
