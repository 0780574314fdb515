import { isIP, type AddressInfo, type Server } from "node:net";
import { createError } from "@kinglet/errors";
import { admissionErrors } from "../errors.ts";

const backlog = 511;

/**
 * Listens without what `listen` brings in: it loads Node's cluster module, 0.25 MB of heap (Node 26.10). The method that does the work is called
 * instead; Node keeps its name for code that wraps it. Where it is missing, or the host is a name, `listen` itself serves.
 *
 * @see lib/net.js of Node, `listenInCluster`.
 * @throws `KINGLET_ERR_ADMISSION_ADDRESS`.
 *
 * @internal
 */
export function listenLean(
  server: Server,
  { host, port }: { readonly host: string | undefined; readonly port: number },
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException): void => {
      const details = {
        bind: `${host ?? ""}:${port}`,
        reason: cause.code === "EADDRINUSE" ? "the port is in use" : cause.code,
      };
      reject(createError(admissionErrors, "KINGLET_ERR_ADMISSION_ADDRESS", details, { cause }));
    };
    server.once("error", onError);
    server.once("listening", () => {
      server.removeListener("error", onError);
      // Accepting can fail later (descriptors used up); the next connection may be fine again.
      server.on("error", () => {});
      resolve(server.address() as AddressInfo);
    });
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
    } else {
      server.listen(port, host);
    }
  });
}
