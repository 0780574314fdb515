import type { AddressInfo, Server } from "node:net";
import { listenLean, type BindAddress } from "@kinglet/endpoints";
import { createError } from "@kinglet/errors";
import { admissionErrors } from "../errors.ts";

/**
 * Listens, and says where.
 *
 * @throws `KINGLET_ERR_ADMISSION_ADDRESS`.
 *
 * @internal
 */
export function listen(server: Server, bind: BindAddress): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException): void => {
      const details = {
        bind: `${bind.host ?? ""}:${bind.port}`,
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
    listenLean(server, bind);
  });
}
