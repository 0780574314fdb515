import { once } from "node:events";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { ClusterAccess } from "@kinglet/kube-client";
import { x509Issuer } from "../src/certificates/x509-issuer.ts";

/** A server that answers as a test says, and counts. */
export interface HttpsServer extends AsyncDisposable {
  readonly access: ClusterAccess;
  readonly sockets: ReadonlySet<Socket>;
  /** Connections ever made. */
  readonly connections: () => number;
  /** Bytes that left the server. */
  readonly sent: () => number;
}

/** What the tests use of requests and responses is the same in both protocols. */
export type Answer = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

/** Opens one that speaks HTTP/2, or HTTP/1.1 only. */
export async function openHttpsServer(protocol: "h2" | "http/1.1", answer: Answer): Promise<HttpsServer> {
  const validity = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 };
  const authority = await x509Issuer.issue({ commonName: "test", dnsNames: [], ...validity });
  const serving = await x509Issuer.issue({ commonName: "localhost", dnsNames: ["localhost"], ...validity, authority });
  const identity = { cert: serving.certificate, key: serving.key };
  const server =
    protocol === "h2"
      ? createSecureServer(identity, answer)
      : (createServer(identity, answer as unknown as Parameters<typeof createServer>[1]) as Server);
  const sockets = new Set<Socket>();
  let connections = 0;
  let sent = 0;
  server.on("secureConnection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      sent += socket.bytesWritten;
      sockets.delete(socket);
    });
  });
  server.on("sessionError", () => {});
  server.listen(0, "localhost");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    access: { server: `https://localhost:${String(port)}`, caPem: authority.certificate, origin: "test" },
    sockets,
    connections: () => connections,
    sent: () => [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, sent),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
