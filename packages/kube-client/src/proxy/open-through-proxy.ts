import * as http from "node:http";
import * as net from "node:net";
import * as tls from "node:tls";
import { connectionError } from "../connection-error.ts";

/** What a connection is made to. */
export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

const MAX_SOCKS_NAME_BYTES = 255;
/** RFC 1928, section 6. */
const SOCKS_PROBLEMS: readonly string[] = [
  "",
  "general failure",
  "not allowed by its rules",
  "network unreachable",
  "host unreachable",
  "connection refused",
  "time to live expired",
  "command not supported",
  "address type not supported",
];

/**
 * Opens a connection to `target` through an HTTP proxy (CONNECT; over TLS when the proxy's URL is https) or a SOCKS5 proxy, which looks up the name itself.
 *
 * The proxy's certificate is verified against the system's authorities.
 *
 * @param options - `keep`: told every socket as soon as it exists, for the caller to destroy when it gives up.
 * @throws an Error in plain words that names the proxy without its password.
 */
export async function openThroughProxy(
  proxyUrl: string,
  target: ProxyTarget,
  options: { readonly keep: (socket: net.Socket) => void },
): Promise<net.Socket> {
  const url = parseProxyUrl(proxyUrl);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? defaultPort(url.protocol) : Number(url.port);
  const isTls = url.protocol === "https:";
  const socket = isTls
    ? tls.connect({ host, port, ...(net.isIP(host) === 0 ? { servername: host } : {}) })
    : net.connect({ host, port });
  options.keep(socket);
  const place = `proxy ${url.protocol}//${url.host}`;
  try {
    await once(socket, isTls ? "secureConnect" : "connect");
    if (url.protocol === "socks5:" || url.protocol === "socks5h:") await talkSocks(socket, url, target);
    else await talkHttp(socket, url, target);
  } catch (error) {
    socket.destroy();
    const { code = "ECONNRESET", message } = error as NodeJS.ErrnoException;
    throw connectionError(`${place}: ${message}`, code);
  }
  socket.setKeepAlive(true, 30_000);
  socket.setNoDelay(true);
  return socket;
}

/** @throws TypeError that does not repeat the URL, which may hold a password. */
export function parseProxyUrl(proxyUrl: string): URL {
  let url: URL;
  try {
    url = new URL(proxyUrl);
  } catch {
    // The cause of URL's error repeats its input.
    // oxlint-disable-next-line preserve-caught-error
    throw new TypeError("the proxy's address is not a URL");
  }
  if (!/^(https?|socks5h?):$/.test(url.protocol))
    throw new TypeError(`a proxy's address begins with http, https or socks5, not ${url.protocol}`);
  return url;
}

function defaultPort(protocol: string): number {
  if (protocol === "http:") return 80;
  return protocol === "https:" ? 443 : 1080;
}

async function talkHttp(socket: net.Socket, url: URL, target: ProxyTarget): Promise<void> {
  const authority = `${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`;
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  await new Promise<void>((resolve, reject) => {
    const request = http.request({
      method: "CONNECT",
      path: authority,
      host: target.host,
      setHost: false,
      createConnection: () => socket,
      headers: {
        host: authority,
        ...(credentials === ":"
          ? {}
          : { "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` }),
      },
    });
    request.once("connect", (response, _socket, head) => {
      if (response.statusCode !== 200) {
        reject(connectionError(`answered ${response.statusCode} to CONNECT`, "ECONNREFUSED"));
        return;
      }
      if (head.length > 0) socket.unshift(head);
      resolve();
    });
    request.once("response", (response) => {
      reject(connectionError(`answered ${response.statusCode} to CONNECT`, "ECONNREFUSED"));
    });
    request.once("error", reject);
    request.end();
  });
}

async function talkSocks(socket: net.Socket, url: URL, target: ProxyTarget): Promise<void> {
  const reader = new ExactReader(socket);
  const user = Buffer.from(decodeURIComponent(url.username));
  const password = Buffer.from(decodeURIComponent(url.password));
  const hasCredentials = user.length > 0;
  socket.write(Buffer.from(hasCredentials ? [5, 2, 0, 2] : [5, 1, 0]));
  const [version, method] = await reader.read(2);
  if (version !== 5) throw connectionError("is no SOCKS5 proxy", "EPROTO");
  if (method === 2 && hasCredentials) {
    if (user.length > 255 || password.length > 255) throw connectionError("user or password is too long", "EPROTO");
    socket.write(Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]));
    const [, result] = await reader.read(2);
    if (result !== 0) throw connectionError("did not accept user and password", "ECONNREFUSED");
  } else if (method !== 0) {
    throw connectionError("asks for a way to log in that is not offered", "ECONNREFUSED");
  }
  const port = Buffer.from([target.port >> 8, target.port & 0xff]);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0]), socksAddress(target.host), port]));
  const [, reply = 1, , type] = await reader.read(4);
  if (reply !== 0) throw connectionError(SOCKS_PROBLEMS[reply] ?? `failure ${reply}`, "ECONNREFUSED");
  const addressBytes = type === 1 ? 4 : type === 4 ? 16 : (await reader.read(1))[0]!;
  await reader.read(addressBytes + 2);
  reader.release();
}

function socksAddress(host: string): Buffer {
  if (net.isIP(host) === 4) return Buffer.from([1, ...host.split(".").map(Number)]);
  const name = Buffer.from(host);
  // An IPv6 address goes as text: the proxy reads it as it does a name.
  if (name.length > MAX_SOCKS_NAME_BYTES) throw connectionError("the host's name is too long", "EPROTO");
  return Buffer.concat([Buffer.from([3, name.length]), name]);
}

/** Reads a socket by count, and leaves what follows in it. */
class ExactReader {
  readonly #socket: net.Socket;
  #onReadable: (() => void) | undefined;
  readonly #closed = Promise.withResolvers<never>();
  readonly #onClose = (): void => this.#closed.reject(connectionError("closed the connection", "ECONNRESET"));
  readonly #onError = (error: Error): void => this.#closed.reject(error);

  constructor(socket: net.Socket) {
    this.#socket = socket;
    this.#closed.promise.catch(() => {});
    socket.on("close", this.#onClose);
    socket.on("end", this.#onClose);
    socket.on("error", this.#onError);
    socket.on("readable", () => this.#onReadable?.());
  }

  async read(count: number): Promise<Buffer> {
    for (;;) {
      const bytes = this.#socket.read(count) as Buffer | null;
      if (bytes !== null && bytes.length === count) return bytes;
      const more = Promise.withResolvers<void>();
      this.#onReadable = more.resolve;
      await Promise.race([more.promise, this.#closed.promise]);
    }
  }

  release(): void {
    this.#onReadable = undefined;
    this.#socket.off("close", this.#onClose);
    this.#socket.off("end", this.#onClose);
    this.#socket.off("error", this.#onError);
    this.#socket.removeAllListeners("readable");
  }
}

async function once(socket: net.Socket, event: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onClose = (): void => reject(connectionError("the connection was closed", "ECONNRESET"));
    socket.once("error", reject);
    socket.once("close", onClose);
    socket.once(event, () => {
      socket.off("error", reject);
      socket.off("close", onClose);
      resolve();
    });
  });
}
