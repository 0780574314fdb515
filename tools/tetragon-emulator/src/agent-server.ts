import { rmSync } from "node:fs";
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2Session,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { connect, createServer as createProxy, type Server, type Socket } from "node:net";
import type { Clock } from "@kinglet/lifecycle";

/** Where and how the emulated agent listens. */
export interface AgentServerOptions {
  readonly address: string;
  /** PEM. `clientCa`: clients have to show a certificate signed by it. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string };
  /** Puts a relay in front, so that the connection can fall silent while it stays open. */
  readonly canFallSilent?: boolean;
  /** As servers written in Go: a ping on a stream without traffic more often than this, three times, ends the connection; 0 = never. @defaultValue 300,000 */
  readonly minPingIntervalMs?: number;
  readonly clock: Clock;
}

/** The connections of an emulated agent, and what can go wrong with them. */
export class AgentServer {
  readonly sessions: Set<ServerHttp2Session> = new Set();
  /** Sessions that were ended for pinging too often. */
  tooManyPings = 0;
  readonly #options: AgentServerOptions;
  readonly #onStream: (stream: ServerHttp2Stream, path: string) => void;
  readonly #relayed: Set<Socket> = new Set();
  #server: Http2Server | Http2SecureServer | undefined;
  #relay: Server | undefined;
  readonly #hasWritten: Set<Http2Session> = new Set();
  #isSilent = false;
  #port = 0;

  constructor(options: AgentServerOptions, onStream: (stream: ServerHttp2Stream, path: string) => void) {
    this.#options = options;
    this.#onStream = onStream;
    this.#port = Number(/:(\d+)$/.exec(options.address)?.[1] ?? 0);
  }

  /** The address with the real port. */
  get address(): string {
    const path = this.#path;
    return path === undefined ? this.#options.address.replace(/:\d+$/, `:${this.#port}`) : this.#options.address;
  }

  async listen(): Promise<void> {
    const { tls, canFallSilent = false } = this.#options;
    const settings = { settings: { maxConcurrentStreams: 100 } };
    const server: Http2Server | Http2SecureServer =
      tls === undefined
        ? createServer(settings)
        : createSecureServer({
            ...settings,
            cert: tls.cert,
            key: tls.key,
            ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
          });
    server.on("session", (session) => this.#newSession(session));
    server.on("stream", (stream: ServerHttp2Stream, headers) => this.#onStream(stream, String(headers[":path"])));
    server.on("sessionError", () => {});
    this.#server = server;
    this.#isSilent = false;
    if (!canFallSilent) {
      await this.#listenAt(server, false);
      return;
    }
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const inner = server.address() as { readonly port: number };
    this.#relay = createProxy((socket) => this.#relayTo(socket, inner.port));
    await this.#listenAt(this.#relay, true);
  }

  /** Ends the listener and every connection at once; a unix socket's file goes too. */
  async close(): Promise<void> {
    for (const session of this.sessions) session.destroy();
    for (const socket of this.#relayed) socket.destroy();
    for (const server of [this.#relay, this.#server]) {
      if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
    }
    this.#relay = undefined;
    this.#server = undefined;
    if (this.#path !== undefined) rmSync(this.#path, { force: true });
  }

  /** Headers or data went out on this session: pings until now are forgiven. */
  wrote(session: Http2Session | undefined): void {
    if (session !== undefined) this.#hasWritten.add(session);
  }

  /** From now on nothing is read or written, and nothing is closed: what a lost route or a frozen machine looks like. */
  fallSilent(): void {
    if (this.#relay === undefined) throw new Error("silence needs canFallSilent");
    this.#isSilent = true;
    for (const socket of this.#relayed) {
      socket.unpipe();
      socket.pause();
    }
  }

  goAway(code: number): void {
    for (const session of this.sessions) {
      session.goaway(code);
      session.close();
    }
  }

  get #path(): string | undefined {
    return /^unix:(?:\/\/)?(.+)$/.exec(this.#options.address)?.[1];
  }

  async #listenAt(server: Server | Http2Server | Http2SecureServer, isRelay: boolean): Promise<void> {
    const path = this.#path;
    const host = /^tcp:(?:\/\/)?(.+):\d+$/.exec(this.#options.address)?.[1] ?? "127.0.0.1";
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      if (path === undefined) server.listen(this.#port, host, resolve);
      else {
        rmSync(path, { force: true });
        server.listen(path, resolve);
      }
    });
    if (path === undefined)
      this.#port = ((isRelay ? this.#relay : this.#server)!.address() as { readonly port: number }).port;
  }

  #relayTo(socket: Socket, port: number): void {
    const inner = connect({ host: "127.0.0.1", port });
    for (const [one, other] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      this.#relayed.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#relayed.delete(one);
        if (!this.#isSilent) other.destroy();
      });
    }
    if (this.#isSilent) return;
    socket.pipe(inner).pipe(socket);
  }

  #newSession(session: ServerHttp2Session): void {
    const { clock, minPingIntervalMs = 300_000 } = this.#options;
    this.sessions.add(session);
    session.on("close", () => {
      this.sessions.delete(session);
      this.#hasWritten.delete(session);
    });
    session.on("error", () => {});
    let lastPingMs = Number.NEGATIVE_INFINITY;
    let strikes = 0;
    session.on("ping", () => {
      const now = clock.monotonicMs();
      if (this.#hasWritten.delete(session)) strikes = 0;
      else if (now - lastPingMs < minPingIntervalMs) strikes += 1;
      lastPingMs = now;
      if (minPingIntervalMs === 0 || strikes <= 2) return;
      this.tooManyPings += 1;
      session.goaway(11, 0, Buffer.from("too_many_pings"));
      session.destroy();
    });
  }
}
