import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";

const folder = `${import.meta.dirname}/certificates`;
export const localhostCa: string = `${folder}/localhost.pem`;
export const otherCa: string = `${folder}/other-authority.pem`;
export const serverKey = (): { readonly key: string; readonly cert: string } => ({
  key: readFileSync(`${folder}/localhost-key.pem`, "utf8"),
  cert: readFileSync(localhostCa, "utf8"),
});

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A server on loopback that remembers requests and counts connections. */
export interface HttpReceiver extends AsyncDisposable {
  readonly url: string;
  readonly received: Received[];
  /** Connections ever opened, open now, and most at once. */
  readonly connections: { opened: number; open: number; peak: number };
  /** Set to answer otherwise than 200. */
  respond: (request: Received, response: ServerResponse) => void;
}

export async function openHttpReceiver(
  options: { readonly isTls?: boolean; readonly port?: number } = {},
): Promise<HttpReceiver> {
  const sockets = new Set<Socket>();
  const connections = { opened: 0, open: 0, peak: 0 };
  const received: Received[] = [];
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const entry = { path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks).toString("utf8") };
      received.push(entry);
      receiver.respond(entry, response);
    });
  };
  const server: Server = options.isTls === true ? createTlsServer(serverKey(), onRequest) : createServer(onRequest);
  server.keepAliveTimeout = 0;
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    connections.opened++;
    connections.open++;
    connections.peak = Math.max(connections.peak, connections.open);
    socket.on("error", () => {});
    socket.once("close", () => {
      sockets.delete(socket);
      connections.open--;
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const receiver: HttpReceiver = {
    url: `${options.isTls === true ? "https" : "http"}://127.0.0.1:${port}`,
    received,
    connections,
    respond: (_request, response) => void response.end("ok"),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return receiver;
}
