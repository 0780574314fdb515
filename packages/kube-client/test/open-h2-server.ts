import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import * as http2 from "node:http2";
import * as https from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import type { ClusterAccess } from "../src/index.ts";

/** PEM of a file in `certificates`. */
export function pemOf(name: string): string {
  return readFileSync(join(import.meta.dirname, "certificates", name), "utf8");
}

/** An HTTPS server of Node's own that speaks HTTP/2, and HTTP/1.1 unless told otherwise. */
export interface H2Server extends AsyncDisposable {
  readonly port: number;
  readonly access: ClusterAccess;
  readonly sockets: Set<Socket>;
  /** Connections ever made. */
  readonly connections: () => number;
  readonly sessions: Set<http2.ServerHttp2Session>;
  readonly server: http2.Http2SecureServer;
}

export type H2Handler = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void;

export async function openH2Server(
  handle: H2Handler,
  options: http2.SecureServerOptions & { readonly certificate?: string; readonly isHttp1Only?: boolean } = {},
): Promise<H2Server> {
  const { certificate = "server-a", isHttp1Only = false, ...rest } = options;
  const identity = { cert: pemOf(`${certificate}.pem`), key: pemOf(`${certificate}.key`), ...rest };
  const server = isHttp1Only
    ? // The handlers of the tests use what both kinds of requests have.
      (https.createServer(identity, handle as unknown as RequestListener) as unknown as http2.Http2SecureServer)
    : http2.createSecureServer({ allowHTTP1: true, ...identity }, handle);
  const sockets = new Set<Socket>();
  const sessions = new Set<http2.ServerHttp2Session>();
  let connections = 0;
  server.on("secureConnection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.on("close", () => sessions.delete(session));
  });
  server.on("sessionError", () => {});
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    access: { server: `https://127.0.0.1:${port}`, caPem: pemOf("authority-a.pem"), origin: "test" },
    sockets,
    connections: () => connections,
    sessions,
    server,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
