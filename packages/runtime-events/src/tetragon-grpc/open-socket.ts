import { connect as connectPlain, type Socket } from "node:net";
import type { Clock } from "@kinglet/lifecycle";
import { readText } from "../file-system.ts";
import type { GrpcTarget } from "./grpc-target.ts";
import type { TetragonTlsOptions } from "./tetragon-grpc-source.ts";
import { loadTls } from "./lazy.ts";

/** A connected socket and what its peer is called. @internal */
export interface GrpcSocket {
  readonly stream: Socket;
  readonly scheme: "http" | "https";
  readonly authority: string;
}

const connectTimeoutMs = 10_000;

/**
 * Connects, with TLS where it is asked for. Certificates are read anew each time, because they are renewed in place.
 *
 * @throws an Error whose message says why not; the signal's reason.
 * @internal
 */
export async function openSocket(
  target: GrpcTarget,
  tls: TetragonTlsOptions | undefined,
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<GrpcSocket> {
  if (target.kind === "unix") {
    const stream = connectPlain({ path: target.path });
    await untilEvent(stream, "connect", options);
    return { stream, scheme: "http", authority: "localhost" };
  }
  const { host, port } = target;
  const authority = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  if (tls === undefined) {
    const stream = connectPlain({ host, port, noDelay: true });
    await untilEvent(stream, "connect", options);
    return { stream, scheme: "http", authority };
  }
  const [ca, cert, key] = await Promise.all([tls.caPath, tls.certificatePath, tls.keyPath].map(readOptional));
  const { connect } = await loadTls();
  const stream = connect({
    host,
    port,
    ALPNProtocols: ["h2"],
    minVersion: "TLSv1.2",
    // An IP address is no server name; Node checks the certificate against it all the same.
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
  await untilEvent(stream, "secureConnect", options);
  if (stream.alpnProtocol !== "h2") {
    stream.destroy();
    throw new Error("the server does not speak HTTP/2 over TLS");
  }
  return { stream, scheme: "https", authority: tls.serverName ?? authority };
}

function readOptional(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? Promise.resolve(undefined) : readText(path);
}

function untilEvent(
  stream: Socket,
  event: "connect" | "secureConnect",
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error: Error | undefined): void => {
      timer.cancel();
      options.signal.removeEventListener("abort", onAbort);
      stream.off("error", finish);
      stream.off("close", onClose);
      if (error === undefined) resolve();
      else {
        // Whatever the socket still has to say concerns nobody.
        stream.on("error", () => {});
        stream.destroy();
        reject(error);
      }
    };
    const onAbort = (): void => finish(options.signal.reason as Error);
    const onClose = (): void => finish(new Error("the connection was closed while it was being made"));
    const timer = options.clock.startTimer(
      () => finish(new Error(`no connection within ${connectTimeoutMs / 1000} s`)),
      connectTimeoutMs,
    );
    stream.once("error", finish);
    stream.once("close", onClose);
    stream.once(event, () => finish(undefined));
    if (options.signal.aborted) onAbort();
    else options.signal.addEventListener("abort", onAbort, { once: true });
  });
}
