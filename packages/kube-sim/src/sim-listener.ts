import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { createError } from "@kinglet/errors";
import { kubeSimErrors } from "./errors.ts";
import type { ServingCertificate } from "./serving-certificate.ts";

/** Idle connections stay open this long, milliseconds: longer than any client keeps one for re-use. */
const KEEP_ALIVE_MS = 120_000;

/** The listener on loopback; it can be closed and opened again on the port it had. */
export class SimListener {
  readonly #handle: (request: IncomingMessage, response: ServerResponse) => void;
  readonly #certificate: ServingCertificate | undefined;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port: number;

  constructor(options: {
    readonly port: number;
    readonly certificate: ServingCertificate | undefined;
    readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  }) {
    this.#port = options.port;
    this.#certificate = options.certificate;
    this.#handle = options.handle;
  }

  /** The port in use after the first {@link open}. */
  get port(): number {
    return this.#port;
  }

  /** @throws KINGLET_ERR_KUBE_SIM_LISTEN */
  async open(): Promise<void> {
    const server =
      this.#certificate === undefined
        ? createHttpServer(this.#handle)
        : createHttpsServer(
            { cert: this.#certificate.certificatePem, key: this.#certificate.privateKeyPem },
            this.#handle,
          );
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      // Resets by clients under test are expected; the request they carried ends with the socket.
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
    });
    server.on("tlsClientError", (_error: Error, socket: Socket) => socket.destroy());
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
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
