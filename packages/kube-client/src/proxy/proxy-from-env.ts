import * as net from "node:net";

/**
 * The proxy that the environment names for a server, as Go's `net/http` reads it: `HTTPS_PROXY` or `HTTP_PROXY` by the server's scheme (lower case as well), none for
 * what `NO_PROXY` lists (names with their subdomains, `.suffix`, `*.suffix`, addresses, CIDR ranges, each with an optional port; `*` for everything), and never for
 * `localhost` or loopback addresses.
 *
 * @returns undefined when there is none. An address without a scheme is an HTTP proxy.
 * @see golang.org/x/net/http/httpproxy
 */
export function proxyFromEnv(address: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  // What is not a URL is refused, with a code, by whoever connects to it.
  const server = URL.parse(address);
  if (server === null) return undefined;
  const read = (name: string): string => env[name] || env[name.toLowerCase()] || "";
  const proxy = server.protocol === "https:" ? read("HTTPS_PROXY") : read("HTTP_PROXY");
  if (proxy === "") return undefined;
  const host = server.hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  const port = server.port === "" ? (server.protocol === "https:" ? "443" : "80") : server.port;
  if (isLoopback(host) || isExcluded(host, port, read("NO_PROXY"))) return undefined;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (net.isIP(host) === 4 && host.startsWith("127."));
}

function isExcluded(host: string, port: string, list: string): boolean {
  return list.split(",").some((raw) => {
    const entry = raw.trim().toLowerCase();
    if (entry === "") return false;
    if (entry === "*") return true;
    const [pattern, wantedPort] = splitPort(entry);
    if (wantedPort !== "" && wantedPort !== port) return false;
    if (pattern.includes("/")) return isInRange(host, pattern);
    if (net.isIP(pattern) !== 0) return net.isIP(host) !== 0 && sameAddress(host, pattern);
    // `*.example.com` and `.example.com` mean subdomains only, `example.com` itself as well.
    if (pattern.startsWith("*.")) return host.endsWith(pattern.slice(1));
    return pattern.startsWith(".") ? host.endsWith(pattern) : host === pattern || host.endsWith(`.${pattern}`);
  });
}

function splitPort(entry: string): [pattern: string, port: string] {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(entry);
  if (bracketed !== null) return [bracketed[1]!, bracketed[2] ?? ""];
  const named = /^([^:]+):(\d+)$/.exec(entry);
  return named === null ? [entry, ""] : [named[1]!, named[2]!];
}

function isInRange(host: string, range: string): boolean {
  const family = net.isIP(host);
  const slash = range.lastIndexOf("/");
  const address = range.slice(0, slash);
  const bits = Number(range.slice(slash + 1));
  if (family === 0 || net.isIP(address) !== family || !(bits >= 0 && bits <= (family === 4 ? 32 : 128))) return false;
  const list = new net.BlockList();
  list.addSubnet(address, bits, family === 4 ? "ipv4" : "ipv6");
  return list.check(host, family === 4 ? "ipv4" : "ipv6");
}

function sameAddress(one: string, other: string): boolean {
  return net.isIP(one) === net.isIP(other) && isInRange(one, `${other}/${net.isIP(other) === 4 ? 32 : 128}`);
}
