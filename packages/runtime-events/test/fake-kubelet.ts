import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { pem } from "./open-webhook.ts";

/** What answers behind exec, attach and port-forward: the protocol is changed as asked, and nothing follows. */
export interface FakeKubelet extends AsyncDisposable {
  readonly port: number;
  /** Paths that were asked for. */
  readonly paths: string[];
}

/** @param host - API servers proxy to no loopback address. */
export async function openFakeKubelet(host = "127.0.0.1"): Promise<FakeKubelet> {
  const paths: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ cert: pem("server-one.pem"), key: pem("server-one.key") }, (request, response) => {
    paths.push(request.url ?? "");
    response.end("done\n");
  });
  server.on("secureConnection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (request, socket) => {
    paths.push(request.url ?? "");
    const { upgrade = "SPDY/3.1", "x-stream-protocol-version": version = "v4.channel.k8s.io" } = request.headers;
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${upgrade}\r\nx-stream-protocol-version: ${String(version)}\r\n\r\n`,
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    paths,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
