import { createError } from "@kinglet/errors";
import * as http from "node:http";
import * as https from "node:https";
import type { ClusterAccess } from "./cluster-access.ts";
import { kubeClientErrors } from "./errors.ts";
import type { KubeTransport, TransportRequest, TransportResponse } from "./transport.ts";

/** Idle connections kept; a watch holds one of its own while it runs. */
const MAX_IDLE_SOCKETS = 4;
/** As client-go: an idle connection is closed after this, and the kernel probes a silent one from `KEEP_ALIVE_MS` on. */
const IDLE_SOCKET_MS = 90_000;
const KEEP_ALIVE_MS = 30_000;

/**
 * HTTP/1.1 over one keep-alive agent: connections, the TLS context and its sessions are shared by every request.
 *
 * A peer that is gone is noticed by TCP keep-alive probes about 40 s after the last byte (Linux: 30 s, then 10 probes of 1 s).
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_CONFIG when `access.server` is not an https URL (or http to a loopback address), or holds credentials.
 * @public
 */
export function createHttpsTransport(access: ClusterAccess): KubeTransport {
  return new HttpsTransport(access);
}

class HttpsTransport implements KubeTransport {
  readonly #agent: http.Agent;
  readonly #base: http.RequestOptions & https.RequestOptions;
  readonly #prefix: string;
  readonly #request: typeof http.request;

  constructor(access: ClusterAccess) {
    const url = parseServer(access);
    const isSecure = url.protocol === "https:";
    const agentOptions = {
      keepAlive: true,
      keepAliveMsecs: KEEP_ALIVE_MS,
      maxFreeSockets: MAX_IDLE_SOCKETS,
      timeout: IDLE_SOCKET_MS,
      scheduling: "lifo",
    } as const;
    this.#agent = isSecure
      ? new https.Agent({
          ...agentOptions,
          ...(access.caPem === undefined ? {} : { ca: access.caPem }),
          ...(access.clientCertificatePem === undefined ? {} : { cert: access.clientCertificatePem }),
          ...(access.clientKeyPem === undefined ? {} : { key: access.clientKeyPem }),
          ...(access.tlsServerName === undefined ? {} : { servername: access.tlsServerName }),
          rejectUnauthorized: access.insecureSkipTlsVerify !== true,
          minVersion: "TLSv1.2",
        })
      : new http.Agent(agentOptions);
    this.#request = isSecure ? https.request : http.request;
    this.#base = {
      agent: this.#agent,
      protocol: url.protocol,
      // A URL writes IPv6 addresses in brackets, sockets want them bare.
      hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: url.port === "" ? (isSecure ? 443 : 80) : Number(url.port),
    };
    this.#prefix = url.pathname.replace(/\/+$/, "");
  }

  send(request: TransportRequest): Promise<TransportResponse> {
    const { signal, body } = request;
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const outgoing = this.#request(
        { ...this.#base, method: request.method, path: this.#prefix + request.path, headers: request.headers },
        (incoming) => {
          incoming.once("close", () => signal.removeEventListener("abort", onAbort));
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: incoming });
        },
      );
      const onAbort = (): void => {
        outgoing.destroy(signal.reason as Error);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      // Stays for the life of the exchange: after the head has arrived, faults surface on the body, and here a second time.
      outgoing.on("error", (error) => {
        signal.removeEventListener("abort", onAbort);
        reject(outgoing.reusedSocket ? markReused(error) : error);
      });
      outgoing.end(body);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    return Promise.resolve();
  }
}

/** The server may close an idle connection just when a request is sent on it: worth one more try, unlike a refused connection. */
function markReused(error: Error): Error {
  return Object.assign(error, { wasReusedSocket: true });
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
