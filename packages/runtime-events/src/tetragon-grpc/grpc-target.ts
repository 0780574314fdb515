import { createError } from "@kinglet/errors";
import { runtimeEventsErrors } from "../errors.ts";

/** Where an agent listens. @internal */
export type GrpcTarget =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/**
 * Reads `unix:PATH`, `unix://PATH`, `tcp:HOST:PORT`, `tcp://HOST:PORT`; an IPv6 address stands in brackets.
 *
 * @throws KINGLET_ERR_RUNTIME_EVENTS_OPTION
 * @internal
 */
export function parseGrpcTarget(address: string): GrpcTarget {
  const unix = /^unix:(?:\/\/(?=\/))?(.+)$/.exec(address)?.[1];
  if (unix !== undefined) return { kind: "unix", path: unix };
  const [, bracketed, host, portText] =
    /^tcp:(?:\/\/)?(?:\[([0-9A-Fa-f:.%]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(address) ?? [];
  const port = Number(portText);
  const name = bracketed ?? host;
  if (name !== undefined && port >= 1 && port <= 65_535) return { kind: "tcp", host: name, port };
  throw createError(runtimeEventsErrors, "KINGLET_ERR_RUNTIME_EVENTS_OPTION", {
    option: "address",
    value: address,
    range: "unix:PATH or tcp:HOST:PORT",
  });
}
