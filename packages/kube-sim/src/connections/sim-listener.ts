import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import { createServer as createNetServer, type AddressInfo, type Server as NetServer, type Socket } from "node:net";
import { createError } from "@kinglet/errors";
import { kubeSimErrors } from "../errors.ts";
import { loadHttp, loadHttps } from "./lazy.ts";
import type { ServingCertificate } from "./serving-certificate.ts";

/** Idle connections stay open this long, milliseconds: longer than any client keeps one for re-use. */
const KEEP_ALIVE_MS = 120_000;

/** Streams per HTTP/2 connection, as the real server allows them. */
const MAX_STREAMS = 100;

/** What one HTTP/2 connection may hold, megabytes. Node's default of 10 is less than one long list: requests beside it would be refused (ENHANCE_YOUR_CALM), as no real server does. */
const MAX_SESSION_MEGABYTES = 2048;

/** The listener on loopback; it can be closed and opened again on the port it had. */
export class SimListener {
  readonly #handle: (request: IncomingMessage, response: ServerResponse) => void;
  #certificate: ServingCertificate | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #allowsHttp2: boolean;
  readonly #clientAuthorityPem: string | undefined;
  #server: Server | Http2SecureServer | NetServer | undefined;
  #port: number;

  constructor(options: {
    readonly port: number;
    readonly certificate: ServingCertificate | undefined;
    /** Offer HTTP/2 beside HTTP/1.1; only with a certificate. @defaultValue true */
    readonly http2?: boolean;
    /** Clients are asked for a certificate, and one of this authority counts; only with a certificate of our own. */
    readonly clientAuthorityPem?: string | undefined;
    readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  }) {
    this.#port = options.port;
    this.#certificate = options.certificate;
    this.#handle = options.handle;
    this.#allowsHttp2 = options.http2 ?? true;
    this.#clientAuthorityPem = options.clientAuthorityPem;
  }

  /** The port in use after the first {@link open}. */
  get port(): number {
    return this.#port;
  }

  /** @throws KINGLET_ERR_KUBE_SIM_LISTEN */
  async open(): Promise<void> {
    await this.#listen(await this.#createServer());
  }

  /** Accepts connections and never says a word on them: not even the handshake of TLS is answered. */
  openSilent(): Promise<void> {
    return this.#listen(createNetServer((socket) => socket.resume()));
  }

  async #listen(server: Server | Http2SecureServer | NetServer): Promise<void> {
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      // Resets by clients under test are expected; the request they carried ends with the socket.
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
    });
    server.on("tlsClientError", (_error: Error, socket: Socket) => socket.destroy());
    server.on("session", (session: ServerHttp2Session) => {
      this.#sessions.add(session);
      session.on("error", () => {});
      session.on("close", () => this.#sessions.delete(session));
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => {
        const address = `127.0.0.1:${this.#port}`;
        reject(
          createError(kubeSimErrors, "KINGLET_ERR_KUBE_SIM_LISTEN", { address, reason: cause.message }, { cause }),
        );
      });
      server.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Stops listening and resets every connection; safe to call twice. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** From the next {@link open} on with this certificate. */
  use(certificate: ServingCertificate): void {
    this.#certificate = certificate;
  }

  async #createServer(): Promise<Server | Http2SecureServer> {
    if (this.#certificate === undefined) {
      const server = (await loadHttp()).createServer(this.#handle);
      server.keepAliveTimeout = KEEP_ALIVE_MS;
      return server;
    }
    const credentials = {
      cert: this.#certificate.certificatePem,
      key: this.#certificate.privateKeyPem,
      // Whoever comes without one, or with a foreign one, is answered all the same: by a Status.
      ...(this.#clientAuthorityPem === undefined
        ? {}
        : { ca: this.#clientAuthorityPem, requestCert: true, rejectUnauthorized: false }),
    };
    if (!this.#allowsHttp2) {
      const server = (await loadHttps()).createServer(credentials, this.#handle);
      server.keepAliveTimeout = KEEP_ALIVE_MS;
      return server;
    }
    // The compatibility interface of HTTP/2 has the same shape for everything that the handler uses.
    const handle = this.#handle as unknown as Parameters<typeof createSecureServer>[1];
    return createSecureServer(
      {
        ...credentials,
        allowHTTP1: true,
        maxSessionMemory: MAX_SESSION_MEGABYTES,
        settings: { maxConcurrentStreams: MAX_STREAMS },
      },
      handle,
    );
  }
}
