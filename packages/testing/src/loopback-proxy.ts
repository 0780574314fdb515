import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * What happens to bytes between a client and a server.
 *
 * `forward`: nothing. `refuse`: connections are refused. `reset`: accepted, then reset. `silent`: accepted, then nothing, in both directions.
 * `hold`: all connections stay open and nothing passes, until another mode lets what waited go on.
 * `trickle`: what the server sends arrives in pieces of one byte, the first 4,000 bytes of each connection.
 */
export type ProxyMode = "forward" | "refuse" | "reset" | "silent" | "hold" | "trickle";

/** One connection on its way to the server. */
interface Link {
  readonly near: Socket;
  readonly far: Socket | undefined;
  /** Half-open for good: nothing passes and nothing is closed. */
  isFrozen: boolean;
  bytes: number;
}

const TRICKLED_BYTES = 4000;

/** A TCP proxy on loopback that does to connections what networks do; TLS passes through it untouched. */
export class LoopbackProxy implements AsyncDisposable {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #links = new Set<Link>();
  readonly #server: Server;
  readonly #host: string;
  #mode: ProxyMode = "forward";
  #cutAfterBytes: number | undefined;
  #port = 0;
  #accepted = 0;
  #cuts = 0;

  /** @param target - the URL of the server. Use `openLoopbackProxy`. */
  constructor(target: string, host = "127.0.0.1") {
    this.#host = host;
    const { hostname, port } = new URL(target);
    this.#target = { host: hostname, port: Number(port) };
    this.#server = createServer({ noDelay: true }, (near) => this.#accept(near));
  }

  /** The same URL by way of the proxy. */
  get server(): string {
    return `https://${this.#host}:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** Connections that `cutAfter` has reset. */
  get cuts(): number {
    return this.#cuts;
  }

  /** Connections ever made. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Connections that are open, as far as the proxy can tell. */
  get connections(): number {
    return this.#links.size;
  }

  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, this.#host, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    const address = this.#server.address();
    if (typeof address === "object" && address !== null) this.#port = address.port;
  }

  async setMode(mode: ProxyMode): Promise<void> {
    const before = this.#mode;
    this.#mode = mode;
    if (mode === "refuse") await this.#unlisten();
    else if (before === "refuse") await this.listen(this.#port);
    for (const link of this.#links) if (!link.isFrozen) this.#flow(link);
  }

  /** Resets every open connection. */
  resetAll(): void {
    for (const { near, far } of this.#links) {
      near.resetAndDestroy();
      far?.destroy();
    }
  }

  /** Ends every open connection, as a peer does that closes in the middle of an answer. */
  endAll(): void {
    for (const { near, far } of this.#links) {
      near.end();
      far?.destroy();
    }
  }

  /** Leaves every open connection half-open for good; new ones work. */
  freezeAll(): void {
    for (const link of this.#links) {
      link.isFrozen = true;
      link.near.pause();
      link.far?.pause();
    }
  }

  /** Every connection, also the open ones, is reset after so many more bytes from the server; undefined: no more. */
  cutAfter(bytes: number | undefined): void {
    this.#cutAfterBytes = bytes;
    for (const link of this.#links) link.bytes = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { near, far } of this.#links) {
      near.destroy();
      far?.destroy();
    }
    await this.#unlisten();
  }

  #accept(near: Socket): void {
    this.#accepted++;
    near.on("error", () => {});
    if (this.#mode === "reset") {
      near.resetAndDestroy();
      return;
    }
    const far = this.#mode === "silent" ? undefined : connect({ ...this.#target, noDelay: true });
    const link: Link = { near, far, isFrozen: false, bytes: 0 };
    this.#links.add(link);
    near.on("close", () => {
      this.#links.delete(link);
      far?.destroy();
    });
    if (far === undefined) return;
    far.on("error", () => {});
    near.on("data", (chunk: Buffer) => {
      if (!far.write(chunk)) near.pause();
    });
    far.on("drain", () => this.#flow(link));
    far.on("data", (chunk: Buffer) => this.#deliver(link, chunk));
    near.on("drain", () => this.#flow(link));
    near.on("end", () => far.end());
    far.on("end", () => {
      if (!link.isFrozen) near.end();
    });
    far.on("close", (hadError) => {
      if (link.isFrozen) return;
      if (hadError) near.resetAndDestroy();
      else near.end();
    });
    this.#flow(link);
  }

  #deliver(link: Link, chunk: Buffer): void {
    const { near, far } = link;
    link.bytes += chunk.length;
    if (this.#cutAfterBytes !== undefined && link.bytes > this.#cutAfterBytes) {
      this.#cuts++;
      near.write(chunk.subarray(0, Math.max(0, chunk.length - (link.bytes - this.#cutAfterBytes))));
      near.resetAndDestroy();
      return;
    }
    let rest = chunk;
    if (this.#mode === "trickle" && link.bytes - chunk.length < TRICKLED_BYTES) {
      for (const byte of chunk.subarray(0, TRICKLED_BYTES)) near.write(Uint8Array.of(byte));
      rest = chunk.subarray(TRICKLED_BYTES);
    }
    if (rest.length > 0 && !near.write(rest)) far?.pause();
  }

  /** Lets bytes pass or not, as the mode says. */
  #flow(link: Link): void {
    if (link.isFrozen) return;
    const { near, far } = link;
    if (this.#mode === "hold") {
      near.pause();
      far?.pause();
      return;
    }
    if (far !== undefined && !far.writableNeedDrain) near.resume();
    if (!near.writableNeedDrain) far?.resume();
  }

  #unlisten(): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#server.listening) resolve();
      else {
        this.#server.close(() => resolve());
        // Those that are open go too: a port that refuses has nobody behind it.
        this.resetAll();
      }
    });
  }
}

/**
 * Starts a proxy in front of a server.
 *
 * @param at - an address of loopback and a port. @defaultValue 127.0.0.1, any free port
 */
export async function openLoopbackProxy(
  target: string,
  at: { readonly host?: string; readonly port?: number } = {},
): Promise<LoopbackProxy> {
  const proxy = new LoopbackProxy(target, at.host);
  await proxy.listen(at.port);
  return proxy;
}
