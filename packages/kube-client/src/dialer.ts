import { createError } from "@kinglet/errors";
import { systemClock, type Clock } from "@kinglet/lifecycle";
import type { Socket } from "node:net";
import * as net from "node:net";
import * as tls from "node:tls";
import type { ClusterAccess } from "./cluster-access.ts";
import { kubeClientErrors } from "./errors.ts";
import { connectionError } from "./connection-error.ts";
import { loadProxy } from "./proxy/lazy.ts";
import type { TlsCredentials } from "./tls-credentials.ts";

/** The kernel probes a silent connection from here on (Linux: then 10 probes of 1 s). */
const KEEP_ALIVE_MS = 30_000;
/** To connect, through a proxy if there is one, and to agree on TLS. As client-go: 30 s to dial. */
const DIAL_MS = 30_000;

/** What changed when {@link Dialer.refresh} looked. */
export type CredentialChange = "none" | "ca" | "identity";

/**
 * Makes the connections to one API server: through a proxy where one is named, with the TLS credentials as they are now.
 */
export class Dialer {
  /** Of the URL. */
  readonly isSecure: boolean;
  /** Host and port as HTTP names them. */
  readonly authority: string;
  /** Path of the server's URL without the slash at its end. */
  readonly prefix: string;
  readonly #access: ClusterAccess;
  readonly #clock: Clock;
  readonly #host: string;
  readonly #port: number;
  #credentials: TlsCredentials;
  #context: tls.SecureContext | undefined;
  /** What ends each dial that is under way. Not one promise for all: it would keep something of every race with it, for ever. */
  readonly #underWay = new Set<(error: Error) => void>();
  #isClosed = false;

  /** @throws KINGLET_ERR_KUBE_CLIENT_CONFIG when `access.server` is not an https URL (or http to a loopback address), or holds credentials. */
  constructor(access: ClusterAccess, clock: Clock = systemClock) {
    const url = parseServer(access);
    this.#access = access;
    this.#clock = clock;
    this.isSecure = url.protocol === "https:";
    this.authority = url.host;
    this.prefix = url.pathname.replace(/\/+$/, "");
    // A URL writes IPv6 addresses in brackets, sockets want them bare.
    this.#host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    this.#port = url.port === "" ? (this.isSecure ? 443 : 80) : Number(url.port);
    this.#credentials = access;
  }

  /** Ends what is being dialled; nothing is dialled any more. */
  close(): void {
    this.#isClosed = true;
    for (const end of this.#underWay) end(closedError());
  }

  /**
   * Looks whether the credentials have changed. The next connection is made with the new ones; it is up to the caller what becomes of the old ones.
   *
   * A certificate that does not belong to its key is not taken: files are replaced one after the other.
   */
  async refresh(): Promise<CredentialChange> {
    const source = this.#access.tlsSource;
    if (source === undefined) return "none";
    const before = this.#credentials;
    const next = await source.credentials();
    if (next === before || before !== this.#credentials) return "none";
    const isFirst = before === this.#access;
    const isSame =
      next.caPem === before.caPem &&
      next.clientCertificatePem === before.clientCertificatePem &&
      next.clientKeyPem === before.clientKeyPem;
    if (!isSame) {
      try {
        this.#context = createContext(next);
      } catch (error) {
        if (isFirst) throw error;
        source.reject();
        return "none";
      }
    }
    this.#credentials = next;
    if (isSame) return "none";
    const isSameIdentity =
      next.clientCertificatePem === before.clientCertificatePem && next.clientKeyPem === before.clientKeyPem;
    return isSameIdentity ? "ca" : "identity";
  }

  /**
   * @param protocols - to offer, the preferred first (ALPN); the socket's `alpnProtocol` says what the server chose.
   * @throws what the system, TLS or the proxy says; an Error with the code ETIMEDOUT after 30 s.
   */
  async dial(protocols: readonly string[]): Promise<Socket | tls.TLSSocket> {
    if (this.#isClosed) throw closedError();
    let socket: Socket | undefined;
    const given = Promise.withResolvers<never>();
    this.#underWay.add(given.reject);
    const timer = this.#clock.startTimer(() => {
      given.reject(connectionError(`no connection to ${this.authority} within ${DIAL_MS} ms`, "ETIMEDOUT"));
    }, DIAL_MS);
    let isGivenUp = false;
    const keep = (made: Socket): Socket => {
      // Whoever takes the connection listens a moment later: a fault in between must not end the process.
      made.on("error", () => {});
      if (isGivenUp) made.destroy();
      return (socket = made);
    };
    try {
      return await Promise.race([this.#connect(protocols, keep), given.promise]);
    } catch (error) {
      isGivenUp = true;
      socket?.destroy();
      if (isCertificateFault(error)) this.#access.tlsSource?.reject();
      throw error;
    } finally {
      timer.cancel();
      this.#underWay.delete(given.reject);
    }
  }

  async #connect(protocols: readonly string[], keep: (socket: Socket) => Socket): Promise<Socket | tls.TLSSocket> {
    const { proxyUrl } = this.#access;
    const target = { host: this.#host, port: this.#port };
    let raw: Socket | undefined;
    if (proxyUrl !== undefined && proxyUrl !== "") {
      raw = await (await loadProxy()).openThroughProxy(proxyUrl, target, { keep });
    }
    if (!this.isSecure) {
      return raw ?? (await opened(keep(net.connect(target)), "connect"));
    }
    const { tlsServerName, insecureSkipTlsVerify } = this.#access;
    this.#context ??= createContext(this.#credentials);
    const servername = tlsServerName ?? (net.isIP(this.#host) === 0 ? this.#host : undefined);
    const socket = tls.connect({
      ...target,
      ...(raw === undefined ? {} : { socket: raw }),
      ...(servername === undefined ? {} : { servername }),
      secureContext: this.#context,
      rejectUnauthorized: insecureSkipTlsVerify !== true,
      ALPNProtocols: [...protocols],
    });
    keep(socket);
    return opened(socket, "secureConnect");
  }
}

function closedError(): Error {
  return connectionError("the client is closed", "ECONNRESET");
}

async function opened<S extends Socket>(socket: S, event: "connect" | "secureConnect"): Promise<S> {
  await new Promise<void>((resolve, reject) => {
    const onClose = (): void => reject(connectionError("the connection was closed while it was made", "ECONNRESET"));
    socket.once("close", onClose);
    socket.once("error", reject);
    socket.once(event, () => {
      socket.off("close", onClose);
      socket.off("error", reject);
      resolve();
    });
  });
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  socket.setNoDelay(true);
  return socket;
}

function createContext(credentials: TlsCredentials): tls.SecureContext {
  const { caPem, clientCertificatePem, clientKeyPem } = credentials;
  return tls.createSecureContext({
    ...(caPem === undefined ? {} : { ca: caPem }),
    ...(clientCertificatePem === undefined ? {} : { cert: clientCertificatePem }),
    ...(clientKeyPem === undefined ? {} : { key: clientKeyPem }),
    minVersion: "TLSv1.2",
  });
}

/** Either side's certificate may be what was not accepted. */
function isCertificateFault(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" && /CERT|UNABLE_TO_|UNKNOWN_CA/.test(code);
}

function parseServer(access: ClusterAccess): URL {
  const refuse = (problem: string, cause?: unknown): Error =>
    createError(
      kubeClientErrors,
      "KINGLET_ERR_KUBE_CLIENT_CONFIG",
      { file: access.origin, problem },
      cause === undefined ? {} : { cause },
    );
  let url: URL;
  try {
    url = new URL(access.server);
  } catch (error) {
    throw refuse(`server "${access.server}" is not a URL`, error);
  }
  if (url.username !== "" || url.password !== "")
    throw refuse("server holds a user name or password; use a token or certificate");
  if (url.protocol === "https:") return url;
  const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url.protocol === "http:" && isLoopback) return url;
  throw refuse(`server "${access.server}" must be https (http only to a loopback address)`);
}
