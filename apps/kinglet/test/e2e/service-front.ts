import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/**
 * What a Service is to those who connect to it: one address, each new connection to another of the programs behind it, and nothing done to those that are open.
 */
export class ServiceFront implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #endpoints: readonly number[] = [];
  #next = 0;

  private constructor() {
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => this.#accept(near));
  }

  static async open(): Promise<ServiceFront> {
    const front = new ServiceFront();
    await new Promise<void>((resolve) => front.#server.listen(0, "127.0.0.1", resolve));
    return front;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ports of those who are ready. */
  get endpoints(): readonly number[] {
    return this.#endpoints;
  }

  set endpoints(ports: readonly number[]) {
    this.#endpoints = ports;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(near: Socket): void {
    const port = this.#endpoints[this.#next++ % Math.max(1, this.#endpoints.length)];
    if (port === undefined) {
      near.resetAndDestroy();
      return;
    }
    const far = connect({ host: "127.0.0.1", port, noDelay: true, allowHalfOpen: true });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => other.resetAndDestroy());
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
