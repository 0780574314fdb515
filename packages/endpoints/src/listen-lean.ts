import { isIP, type Server } from "node:net";
import type { BindAddress } from "./bind-address.ts";

/** Connections that the kernel keeps until they are accepted. */
const backlog = 511;

/**
 * Listens without what `listen` brings in: it loads Node's cluster module, for a host its name resolution too, together 0.25 MB of heap
 * (Node 26.10). The method that does the work is called instead; Node keeps its name for code that wraps it. Where it is missing, or the
 * host is a name, `listen` itself serves.
 *
 * The outcome comes as with `listen`: by the events `listening` and `error`.
 *
 * @see lib/net.js of Node, `listenInCluster`.
 *
 * @public
 */
export function listenLean(server: Server, { host, port }: BindAddress): void {
  const lean = server as unknown as {
    readonly _listen2?: (
      address: string | null,
      port: number,
      family: number,
      backlog: number,
      fd: undefined,
      flags: number,
    ) => void;
  };
  const family = host === undefined ? 4 : isIP(host);
  if (typeof lean._listen2 === "function" && family !== 0) {
    lean._listen2(host ?? null, port, family, backlog, undefined, 0);
  } else if (host === undefined) {
    server.listen(port);
  } else {
    server.listen(port, host);
  }
}
