import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/**
 * Where a request comes from: the addresses that proxies name, then the one of the connection.
 *
 * @see k8s.io/apimachinery v0.36.3 pkg/util/net SourceIPs
 */
export function sourceAddresses(request: IncomingMessage): string[] {
  const { headers, socket } = request;
  const forwarded = (headers["x-forwarded-for"]?.toString() ?? "").split(",").map((part) => part.trim());
  const addresses = forwarded.filter((part) => isIP(part) !== 0);
  const real = headers["x-real-ip"]?.toString() ?? "";
  if (isIP(real) !== 0 && !addresses.includes(real)) addresses.push(real);
  const remote = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  if (remote !== "" && addresses.at(-1) !== remote) addresses.push(remote);
  return addresses;
}
