import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { createError } from "@kinglet/errors";
import { listenLean, type BindAddress } from "@kinglet/endpoints";
import type { Clock, ClockTimer } from "@kinglet/lifecycle";
import { webhookErrors } from "./errors.ts";
import type { ServingFiles } from "./serving-files.ts";

/** What the server refused by itself. */
type ConnectionRefusal = "tls" | "http" | "connections" | "timeout";

/** Who is at the other end. @internal */
export interface Peer {
  /** It showed a certificate that is let in. */
  isCertified: boolean;
  /** Authorities by which that was found. */
  authorityGeneration: number;
  /** It has been let in at least once, by certificate or token: strangers give way first. */
  isKnown: boolean;
}

/** Settings of a {@link WebhookServer}. @internal */
export interface WebhookServerOptions {
  readonly bind: BindAddress;
  /** Undefined: plain HTTP. */
  readonly files: ServingFiles | undefined;
  /** Clients are asked for a certificate. */
  readonly wantsCertificates: boolean;
  /** Whose certificates are let in; undefined: everybody's whom an authority signed. */
  readonly clientNames: ReadonlySet<string> | undefined;
  readonly maxConnections: number;
  readonly clock: Clock;
  readonly onRefused: (reason: ConnectionRefusal) => void;
  /** Answers; never rejects. `isWaiting`: the client sends its body only when told to go on. */
  readonly handle: (
    request: http.IncomingMessage,
    response: http.ServerResponse,
    peer: Peer,
    isWaiting: boolean,
  ) => Promise<void>;
}

/** What a client may take, milliseconds: from connecting to the end of its first request's head, handshake included. */
const firstRequestMs = 10_000;
/** The API server keeps a connection for 90 s; whoever closes first must not be us, or a request meets a closed connection. */
const idleMs = 100_000;
/** For the client to take an answer. */
const answerMs = 10_000;
/** How long closing waits for requests under way. */
const closeMs = 6000;

interface Connection {
  readonly name: string;
  readonly socket: Socket;
  readonly peer: Peer;
  requests: number;
  deadline: ClockTimer | undefined;
}

/**
 * An HTTP/1.1 server with connections that are kept, for few clients on a network of strangers.
 *
 * Every connection without a request under way has one deadline, so there is no timer without a connection. The number of connections is bounded,
 * those before their handshake included: a new one takes the place of the one that has been idle longest, of strangers first.
 *
 * @internal
 */
export class WebhookServer implements AsyncDisposable {
  readonly #options: WebhookServerOptions;
  readonly #server: http.Server | https.Server;
  /** By address and port of the client, the one idle longest first. */
  readonly #connections: Map<string, Connection> = new Map();
  #closing: Promise<void> | undefined;

  private constructor(options: WebhookServerOptions) {
    this.#options = options;
    const { files } = options;
    const common = {
      maxHeaderSize: 16_384,
      // Every connection has a deadline here; Node's own check of all of them would be a timer that runs for ever.
      connectionsCheckingInterval: 0x7f_ff_ff_ff,
      keepAliveTimeout: 0,
      requestTimeout: 0,
      headersTimeout: 0,
    } as const;
    this.#server =
      files === undefined
        ? http.createServer(common)
        : https.createServer({
            ...common,
            ...files.context,
            ALPNProtocols: ["http/1.1"],
            handshakeTimeout: firstRequestMs,
            // Not refused in the handshake: who has none may have a token, and hears why he is not let in.
            requestCert: options.wantsCertificates,
            rejectUnauthorized: false,
          });
    this.#server.maxHeadersCount = 100;
    // Before Node's own listener, which starts the handshake with the certificate of this moment.
    this.#server.prependListener("connection", (socket: Socket) => this.#onConnection(socket));
    this.#server.on("secureConnection", (socket: TLSSocket) => this.#onSecureConnection(socket));
    this.#server.on("tlsClientError", (_error: Error, socket: TLSSocket) => {
      options.onRefused("tls");
      socket.destroy();
    });
    this.#server.on("clientError", (_error: Error, socket) => {
      options.onRefused("http");
      if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      else socket.destroy();
    });
    this.#server.on("request", (request, response) => void this.#onRequest(request, response, false));
    this.#server.on("checkContinue", (request, response) => void this.#onRequest(request, response, true));
  }

  /** @throws `KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_ADDRESS` */
  static async open(options: WebhookServerOptions): Promise<WebhookServer> {
    const server = new WebhookServer(options);
    await server.#listen(options.bind);
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** True when answers should end their connection. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #listen(bind: BindAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      const onError = (cause: NodeJS.ErrnoException): void => {
        const reason = cause.code === "EADDRINUSE" ? "the port is in use" : cause.code;
        const details = { bind: `${bind.host ?? ""}:${bind.port}`, reason };
        reject(createError(webhookErrors, "KINGLET_ERR_RUNTIME_EVENTS_WEBHOOK_ADDRESS", details, { cause }));
      };
      this.#server.once("error", onError);
      this.#server.once("listening", () => {
        this.#server.removeListener("error", onError);
        // Accepting can fail later (descriptors used up); the next connection may be fine again.
        this.#server.on("error", () => {});
        resolve();
      });
      listenLean(this.#server, bind);
    });
  }

  async #close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const { socket, requests } of this.#connections.values()) if (requests === 0) socket.destroy();
    const timer = this.#options.clock.startTimer(() => {
      for (const { socket } of this.#connections.values()) socket.destroy();
    }, closeMs);
    await closed;
    timer.cancel();
  }

  // The handshake's socket is another object than the one that was accepted; address and port of the client are the same.
  #onConnection(socket: Socket): void {
    const { files } = this.#options;
    const context = files?.refresh();
    if (context !== undefined) (this.#server as https.Server).setSecureContext(context);
    socket.on("error", () => {
      // A client that resets its connection is no fault of ours; "close" follows.
    });
    const name = nameOf(socket);
    // The client has left already.
    if (name === undefined) return void socket.destroy();
    if (this.#connections.size >= this.#options.maxConnections && !this.#dropIdle()) {
      this.#options.onRefused("connections");
      return void socket.destroy();
    }
    const peer = { isCertified: false, authorityGeneration: files?.authorityGeneration ?? 0, isKnown: false };
    const connection: Connection = { name, socket, peer, requests: 0, deadline: undefined };
    this.#connections.set(name, connection);
    this.#startDeadline(connection, firstRequestMs, true);
    socket.once("close", () => {
      connection.deadline?.cancel();
      if (this.#connections.get(name) === connection) this.#connections.delete(name);
    });
  }

  #onSecureConnection(socket: TLSSocket): void {
    const { wantsCertificates, clientNames } = this.#options;
    socket.on("error", () => {
      // As above.
    });
    const peer = this.#connectionOf(socket)?.peer;
    if (peer === undefined || !wantsCertificates || !socket.authorized) return;
    const { subject } = socket.getPeerCertificate();
    peer.isCertified = clientNames === undefined || [subject?.CN ?? []].flat().some((name) => clientNames.has(name));
  }

  #connectionOf(socket: Socket): Connection | undefined {
    const name = nameOf(socket);
    return name === undefined ? undefined : this.#connections.get(name);
  }

  /** Ends the connection that has been idle longest, one of a stranger if there is one. @returns false when all are in use. */
  #dropIdle(): boolean {
    let found: Connection | undefined;
    for (const connection of this.#connections.values()) {
      if (connection.requests > 0) continue;
      if (!connection.peer.isKnown) {
        found = connection;
        break;
      }
      found ??= connection;
    }
    if (found === undefined) return false;
    this.#connections.delete(found.name);
    found.deadline?.cancel();
    found.socket.destroy();
    return true;
  }

  #startDeadline(connection: Connection, delayMs: number, isSilent: boolean): void {
    connection.deadline?.cancel();
    const timer = this.#options.clock.startTimer(() => {
      if (isSilent && connection.requests === 0 && !connection.peer.isKnown) this.#options.onRefused("timeout");
      connection.socket.destroy();
    }, delayMs);
    timer.unref();
    connection.deadline = timer;
  }

  async #onRequest(request: http.IncomingMessage, response: http.ServerResponse, isWaiting: boolean): Promise<void> {
    const { socket } = request;
    const connection = this.#connectionOf(socket);
    if (connection === undefined) {
      // It had to give way in this moment.
      socket.destroy();
      return;
    }
    connection.requests += 1;
    connection.deadline?.cancel();
    connection.deadline = undefined;
    response.once("close", () => {
      connection.requests -= 1;
      if (connection.requests > 0 || connection.socket.destroyed) return;
      if (this.#closing !== undefined) {
        socket.end();
        return;
      }
      if (!this.#connections.delete(connection.name)) return;
      // Moves it to the end: the order is that of becoming idle.
      this.#connections.set(connection.name, connection);
      this.#startDeadline(connection, idleMs, false);
    });
    await this.#options.handle(request, response, connection.peer, isWaiting);
    if (!connection.socket.destroyed && !response.writableFinished) this.#startDeadline(connection, answerMs, false);
  }
}

/** Undefined when it is closed. */
function nameOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress}|${remotePort}`;
}
