import { once } from "node:events";
import * as net from "node:net";

/** A proxy that can stop to forward without closing anything. */
export interface Blackhole extends AsyncDisposable {
  readonly port: number;
  /** Connections that exist now are read, and so acknowledged, but nothing of them is forwarded any more; later ones are. */
  swallow(): void;
}

export async function openBlackhole(target: number): Promise<Blackhole> {
  const pairs = new Set<readonly [net.Socket, net.Socket]>();
  const server = net.createServer((inbound) => {
    const outbound = net.connect(target, "127.0.0.1");
    const pair = [inbound, outbound] as const;
    pairs.add(pair);
    inbound.pipe(outbound);
    outbound.pipe(inbound);
    for (const socket of pair) {
      socket.on("error", () => {});
      socket.on("close", () => pair.forEach((other) => other.destroy()));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as net.AddressInfo).port,
    swallow: () => {
      for (const pair of pairs) {
        for (const socket of pair) {
          socket.unpipe();
          socket.resume();
        }
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
