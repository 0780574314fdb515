import { systemClock, untilAborted, type Clock } from "@kinglet/lifecycle";
import type { TLSSocket } from "node:tls";
import type { ClusterAccess } from "./cluster-access.ts";
import { Dialer } from "./dialer.ts";
import type { Http1Transport } from "./http1/http1-transport.ts";
import { connectionError, notProcessed } from "./connection-error.ts";
import { Http2Connection } from "./http2/http2-connection.ts";
import { loadHttp1Transport } from "./http1/lazy.ts";
import type { KubeTransport, TransportRequest, TransportResponse } from "./transport.ts";

/** How often a request that the server did not act on is sent again, each time over another connection. */
const MAX_RESENDS = 3;
/** The server did not act on the request, because it is none for this address. @see RFC 9110, 15.5.20 */
const MISDIRECTED = 421;

/**
 * How the default transport behaves.
 *
 * @public
 */
export interface TransportOptions {
  /** `http/1.1` never offers HTTP/2. @defaultValue what the server prefers of both */
  readonly protocol?: "http/1.1" | undefined;
  /** For pings, and the ends of idle connections. @defaultValue `systemClock` */
  readonly clock?: Clock | undefined;
}

/**
 * The default transport: HTTP/2, all requests over one socket (more only beyond the number of requests that the server admits on one, or while one is
 * being replaced), or HTTP/1.1 with one connection per request under way where the server does not speak HTTP/2.
 *
 * A connection that the server leaves (GOAWAY), that breaks, that does not answer to a ping, or whose credentials have changed, is replaced at the next
 * request. Requests that the server certainly did not act on are sent again. Redirects are not followed.
 *
 * Opens nothing until the first request. Costs: docs/adr.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_CONFIG when `access.server` is not an https URL (or http to a loopback address), or holds credentials.
 * @public
 */
export function createTransport(access: ClusterAccess, options: TransportOptions = {}): KubeTransport {
  return new NegotiatedTransport(access, options);
}

class NegotiatedTransport implements KubeTransport {
  readonly #dialer: Dialer;
  readonly #clock: Clock;
  readonly #prefersHttp1: boolean;
  readonly #connections = new Set<Http2Connection>();
  /** Takes no requests any more, but carries some to their end. */
  readonly #retired = new Set<Http2Connection>();
  #dialing: Promise<Http2Connection | undefined> | undefined;
  /** Set once the server is known not to speak HTTP/2. */
  #http1: Promise<Http1Transport> | undefined;
  #isClosed = false;

  constructor(access: ClusterAccess, options: TransportOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#dialer = new Dialer(access, this.#clock);
    this.#prefersHttp1 = options.protocol === "http/1.1" || !this.#dialer.isSecure;
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    await this.#refresh();
    for (let resends = 0; ; resends++) {
      try {
        const connection = await this.#connection(request.signal);
        if (connection === undefined) return (await this.#fallback()).send(request);
        const response = await connection.send(request, this.#dialer.prefix);
        if (response.status !== MISDIRECTED || resends === MAX_RESENDS) return response;
        // This connection leads to a server that is not the one of the address: another one may.
        await response.body[Symbol.asyncIterator]().return?.();
        connection.retire();
      } catch (error) {
        const wasNotProcessed = (error as { readonly wasNotProcessed?: boolean } | null)?.wasNotProcessed;
        if (wasNotProcessed !== true || resends === MAX_RESENDS) throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#dialer.close();
    const error = connectionError("the client is closed", "ECONNRESET");
    for (const connection of [...this.#connections, ...this.#retired]) connection.destroy(error);
    this.#retired.clear();
    if (this.#http1 !== undefined) await (await this.#http1)[Symbol.asyncDispose]();
  }

  /** A connection with room, or undefined when the server speaks HTTP/1.1 only. */
  async #connection(signal: AbortSignal): Promise<Http2Connection | undefined> {
    for (;;) {
      if (signal.aborted) throw signal.reason;
      if (this.#prefersHttp1 || this.#http1 !== undefined) return undefined;
      let isRefused = false;
      for (const connection of this.#connections) {
        if (connection.hasRoom) return connection;
        isRefused ||= connection.streams === 0;
      }
      // Another connection would be as full without a single request on it.
      if (isRefused) throw notProcessed("the server admits no request on its connection");
      this.#dialing ??= this.#dial().finally(() => {
        this.#dialing = undefined;
      });
      const made = await untilAborted(this.#dialing, signal);
      if (made === undefined || made.hasRoom) return made;
      // Others may have waited for the same connection and filled it; an empty one without room was left at once by its server.
      if (made.streams === 0) throw notProcessed("the server takes no request on a new connection");
    }
  }

  async #dial(): Promise<Http2Connection | undefined> {
    const socket = (await this.#dialer.dial(["h2", "http/1.1"])) as TLSSocket;
    if (this.#isClosed) {
      socket.destroy();
      throw connectionError("the client is closed", "ECONNRESET");
    }
    if (socket.alpnProtocol !== "h2") {
      await this.#fallback(socket);
      return undefined;
    }
    const connection = new Http2Connection(socket, {
      authority: this.#dialer.authority,
      clock: this.#clock,
      onRetire: (retired) => {
        this.#connections.delete(retired);
        if (retired.streams > 0) this.#retired.add(retired);
      },
      onClose: (closed) => this.#retired.delete(closed),
      // A watch may be all there is for minutes: rotated certificates are noticed beside it.
      onTick: () => void this.#refresh().catch(() => {}),
    });
    this.#connections.add(connection);
    return connection;
  }

  #fallback(firstSocket?: TLSSocket): Promise<Http1Transport> {
    this.#http1 ??= loadHttp1Transport().then(
      ({ Http1Transport }) => new Http1Transport(this.#dialer, this.#clock, firstSocket),
    );
    return this.#http1;
  }

  /** New TLS credentials mean new connections: old ones drain; watches move at once where it is our own identity that changed. */
  async #refresh(): Promise<void> {
    const change = await this.#dialer.refresh();
    if (change === "none") return;
    const endsStreams = change === "identity";
    for (const connection of [...this.#connections, ...(endsStreams ? this.#retired : [])])
      connection.retire({ endsStreams });
    if (this.#http1 !== undefined) (await this.#http1).retire({ endsStreams });
  }
}
