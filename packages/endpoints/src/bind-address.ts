import { createError } from "@kinglet/errors";
import { endpointsErrors } from "./errors.ts";

/**
 * Where to listen.
 *
 * @public
 */
export interface BindAddress {
  /** Name or number; `undefined` is every address of the machine, IPv6 included. */
  readonly host: string | undefined;
  /** 0 lets the system choose. */
  readonly port: number;
}

/**
 * Reads a listener setting: `:8080` or `8080` (all addresses), `127.0.0.1:8080`, `localhost:0`, `[::1]:8080`; `0`, `off` and
 * the empty text switch the listener off (`:0` lets the system choose a port).
 *
 * @returns `undefined` for a listener that is switched off.
 * @throws `KINGLET_ERR_ENDPOINTS_BIND`.
 *
 * @public
 */
export function parseBind(text: string): BindAddress | undefined {
  const bind = text.trim();
  if (bind === "" || bind === "0" || bind === "off") return undefined;
  const found = /^(?:\[([0-9a-fA-F:.%\w]*)\]:|([^:[\]\s/]*):)?(\d{1,5})$/.exec(bind);
  if (found === null) throw bindError(bind, "expected HOST:PORT");
  const port = Number(found[3]);
  if (port > 65_535) throw bindError(bind, "a port is 0 to 65535");
  const host = found[1] ?? found[2] ?? "";
  if (found[1] !== undefined && !found[1].includes(":")) throw bindError(bind, "brackets hold an IPv6 address");
  return { host: host === "" ? undefined : host, port };
}

/**
 * True for addresses that only this machine reaches.
 *
 * @public
 */
export function isLoopback(host: string | undefined): boolean {
  if (host === undefined) return false;
  const name = host.toLowerCase();
  return name === "localhost" || name === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}

function bindError(bind: string, reason: string): Error {
  return createError(endpointsErrors, "KINGLET_ERR_ENDPOINTS_BIND", { bind, reason });
}
