import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Clock, ClockTimer } from "@kinglet/lifecycle";
import type { Counter, Metrics } from "@kinglet/metrics";
import { connections, refusedRequests } from "../metrics.ts";
import { listen } from "./listen.ts";

/** A certificate chain and its key, PEM. @public */
export interface ServingCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** @public */
export interface WebhookServerOptions {
  readonly bind: { readonly host: string | undefined; readonly port: number };
  readonly certificate: ServingCertificate;
  /** Answers a request; never rejects. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Connections at a time; the one that has been idle longest gives way to a new one. */
  readonly maxConnections: number;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** What is known of a connection after its handshake. */
interface Connection {
  /** Cuts it off; undefined while a request is decided. */
  deadline: ClockTimer | undefined;
  /** Requests that are decided: a client may send the next one before it has the answer to the last. */
  deciding: number;
  /** Requests whose answers did not leave yet. */
  unanswered: number;
}

/** What a client may take, milliseconds. */
const handshakeMs = 10_000;
/** From the handshake to the first request: the API server connects when it has one. */
const firstRequestMs = 10_000;
/** The API server keeps a connection for 90 s; whoever closes first must not be us, or a review meets a closed connection. */
const idleMs = 100_000;
/** For the client to take an answer. */
const answerMs = 10_000;

/**
 * The HTTPS server of the webhook: TLS 1.2 and later, HTTP/1.1 with connections that are kept.
 *
 * A new certificate is used for new handshakes; connections that are open go on. Idle connections are bounded in number and time, each with a timer of its own,
 * so that a server without connections has none. Plain HTTP on the port, handshakes that fail and malformed requests are counted and closed.
 *
 * @internal
 */
export class WebhookServer implements AsyncDisposable {
  readonly #options: WebhookServerOptions;
  readonly #server: Server;
  readonly #refused: Counter<"reason">;
  /** Idle longest first. */
  readonly #connections = new Map<Socket, Connection>();
  /** Connections before their handshake, too. */
  #open = 0;
  #closing: Promise<void> | undefined;
  #address: AddressInfo | undefined;

  private constructor(options: WebhookServerOptions) {
    this.#options = options;
    this.#refused = options.metrics.counter(refusedRequests);
    const gauge = options.metrics.gauge(connections);
    options.metrics.onCollect(() => gauge.set(this.#open));
    this.#server = createServer({
      cert: options.certificate.certificatePem,
      key: options.certificate.keyPem,
      minVersion: "TLSv1.2",
      ALPNProtocols: ["http/1.1"],
      handshakeTimeout: handshakeMs,
      maxHeaderSize: 16_384,
      // Every connection has a deadline here; Node's own check of all of them would be a timer that runs for ever.
      connectionsCheckingInterval: 0x7f_ff_ff_ff,
      keepAliveTimeout: 0,
      requestTimeout: 0,
      headersTimeout: 0,
    });
    this.#server.maxHeadersCount = 100;
    this.#server.on("connection", (socket: Socket) => this.#onConnection(socket));
    this.#server.on("secureConnection", (socket: TLSSocket) => this.#onSecureConnection(socket));
    this.#server.on("tlsClientError", (_error, socket: TLSSocket) => {
      this.#refused.add(1, { reason: "tls" });
      socket.destroy();
    });
    this.#server.on("clientError", (_error, socket) => {
      this.#refused.add(1, { reason: "http" });
      if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      else socket.destroy();
    });
    this.#server.on("request", (request, response) => {
      void this.#onRequest(request, response);
    });
  }

  /** @throws `KINGLET_ERR_ADMISSION_ADDRESS`; what OpenSSL says about the certificate. */
  static async open(options: WebhookServerOptions): Promise<WebhookServer> {
    const server = new WebhookServer(options);
    server.#address = await listen(server.#server, options.bind);
    return server;
  }

  get port(): number {
    return this.#address?.port ?? 0;
  }

  /** Uses another certificate for handshakes from now on. @throws what OpenSSL says; the old one is used then. */
  replaceCertificate({ certificatePem, keyPem }: ServingCertificate): void {
    this.#server.setSecureContext({ cert: certificatePem, key: keyPem, minVersion: "TLSv1.2" });
  }

  /** Accepts no more connections, closes idle ones, and the others when they are answered or after 6 s. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const [socket, { unanswered }] of this.#connections) if (unanswered === 0) socket.destroy();
    const timer = this.#options.clock.startTimer(() => {
      for (const socket of this.#connections.keys()) socket.destroy();
    }, closeMs);
    await closed;
    timer.cancel();
  }

  #onConnection(socket: Socket): void {
    this.#open++;
    socket.once("close", () => {
      this.#open--;
    });
    socket.on("error", () => {
      // A client that resets its connection is no fault of ours; "close" follows.
    });
    if (this.#open <= this.#options.maxConnections || this.#dropOldest()) return;
    this.#refused.add(1, { reason: "connections" });
    socket.destroy();
  }

  #dropOldest(): boolean {
    for (const [socket, { deadline }] of this.#connections) {
      if (deadline === undefined) continue;
      deadline.cancel();
      this.#connections.delete(socket);
      socket.destroy();
      return true;
    }
    return false;
  }

  #onSecureConnection(socket: TLSSocket): void {
    this.#connections.set(socket, { deadline: undefined, deciding: 0, unanswered: 0 });
    this.#startDeadline(socket, firstRequestMs);
    socket.once("close", () => {
      this.#connections.get(socket)?.deadline?.cancel();
      this.#connections.delete(socket);
    });
    socket.on("error", () => {
      // As above.
    });
  }

  #startDeadline(socket: Socket, delayMs: number): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    connection.deadline?.cancel();
    connection.deadline = this.#options.clock.startTimer(() => socket.destroy(), delayMs);
    connection.deadline.unref();
    // Moves it to the end: the order is that of becoming idle.
    this.#connections.delete(socket);
    this.#connections.set(socket, connection);
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    const connection = this.#connections.get(socket);
    // It gave way to another one while the request came.
    if (connection === undefined) return void socket.destroy();
    connection.deadline?.cancel();
    connection.deadline = undefined;
    connection.deciding += 1;
    connection.unanswered += 1;
    response.once("finish", () => {
      connection.unanswered -= 1;
      if (socket.destroyed || connection.unanswered > 0) return;
      if (this.#closing === undefined) this.#startDeadline(socket, idleMs);
      else socket.end();
    });
    await this.#options.handle(request, response);
    connection.deciding -= 1;
    if (!socket.destroyed && connection.deciding === 0 && connection.unanswered > 0)
      this.#startDeadline(socket, answerMs);
  }
}

/** How long closing waits for reviews under way, milliseconds. */
const closeMs = 6000;
