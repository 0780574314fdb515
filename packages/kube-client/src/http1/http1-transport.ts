import type { Clock, ClockTimer } from "@kinglet/lifecycle";
import * as http from "node:http";
import type { Duplex } from "node:stream";
import type { Dialer } from "../dialer.ts";
import { connectionError } from "../connection-error.ts";
import type { KubeTransport, TransportRequest, TransportResponse } from "../transport.ts";

/** Idle connections kept; a watch holds one of its own while it runs. */
const MAX_IDLE_SOCKETS = 4;
/** As client-go: an idle connection is closed after this. */
const IDLE_SOCKET_MS = 90_000;
const MAX_HEADER_BYTES = 65_536;
/**
 * HTTP/1.1 has no ping: a connection that something on the way keeps open but does not forward looks like a quiet watch. So a watch that was silent for
 * so long ends, cleanly, and is resumed over another connection by whoever holds its version. Bookmarks come every 60 s.
 */
const QUIET_STREAM_MS = 55_000;

/**
 * HTTP/1.1 over one keep-alive agent, for servers and proxies that do not speak HTTP/2: a connection per request under way.
 */
export class Http1Transport implements KubeTransport {
  readonly #dialer: Dialer;
  readonly #streams = new Set<http.ClientRequest>();
  #agent: DialingAgent;

  readonly #clock: Clock;

  /** @param firstSocket - a connection that exists already, for the first request. */
  constructor(dialer: Dialer, clock: Clock, firstSocket?: Duplex) {
    this.#dialer = dialer;
    this.#clock = clock;
    this.#agent = new DialingAgent(dialer, firstSocket);
  }

  send(request: TransportRequest): Promise<TransportResponse> {
    const { signal, body } = request;
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const outgoing = http.request(
        {
          agent: this.#agent,
          // The agent dials; these only name the server in the Host header.
          host: "api-server",
          setHost: false,
          maxHeaderSize: MAX_HEADER_BYTES,
          method: request.method,
          path: this.#dialer.prefix + request.path,
          headers: { host: this.#dialer.authority, ...request.headers },
        },
        (incoming) => {
          incoming.once("close", () => {
            signal.removeEventListener("abort", onAbort);
            this.#streams.delete(outgoing);
          });
          const body =
            request.isStream === true ? untilQuiet(incoming, this.#clock, () => this.#agent.closeIdle()) : incoming;
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body });
        },
      );
      if (request.isStream === true) this.#streams.add(outgoing);
      const onAbort = (): void => {
        outgoing.destroy(signal.reason as Error);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      // Stays for the life of the exchange: after the head has arrived, faults surface on the body, and here a second time.
      outgoing.on("error", (error) => {
        signal.removeEventListener("abort", onAbort);
        this.#streams.delete(outgoing);
        reject(outgoing.reusedSocket ? markReused(error) : error);
      });
      outgoing.end(body);
    });
  }

  /** New requests get new connections; idle ones are closed, those in use when their request has ended. `endsStreams`: watches end now. */
  retire(options: { readonly endsStreams: boolean }): void {
    const old = this.#agent;
    this.#agent = new DialingAgent(this.#dialer);
    old.drain();
    if (!options.endsStreams) return;
    for (const stream of this.#streams) {
      stream.destroy(connectionError("the connection is made again with new credentials", "ECONNRESET"));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    return Promise.resolve();
  }
}

class DialingAgent extends http.Agent {
  readonly #dialer: Dialer;
  #firstSocket: Duplex | undefined;

  constructor(dialer: Dialer, firstSocket?: Duplex) {
    super({ keepAlive: true, maxFreeSockets: MAX_IDLE_SOCKETS, timeout: IDLE_SOCKET_MS, scheduling: "lifo" });
    this.#dialer = dialer;
    this.#firstSocket = firstSocket;
  }

  override createConnection(
    _options: http.ClientRequestArgs,
    onDone?: (error: Error | null, socket: Duplex) => void,
  ): Duplex | undefined {
    const first = this.#firstSocket;
    this.#firstSocket = undefined;
    if (first !== undefined && !first.destroyed) return first;
    this.#dialer.dial(["http/1.1"]).then(
      (socket) => onDone?.(null, socket),
      (error: unknown) => onDone?.(error as Error, undefined as unknown as Duplex),
    );
    return undefined;
  }

  override destroy(): void {
    this.#firstSocket?.destroy();
    super.destroy();
  }

  /** Takes no connection back for another request. */
  drain(): void {
    this.maxFreeSockets = 0;
    this.closeIdle();
  }

  closeIdle(): void {
    this.#firstSocket?.destroy();
    for (const sockets of Object.values(this.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }
}

/** The server may close an idle connection just when a request is sent on it: worth one more try, unlike a refused connection. */
function markReused(error: Error): Error {
  return Object.assign(error, { wasReusedSocket: true });
}

/** Ends after {@link QUIET_STREAM_MS} in which nothing came although somebody waited for it; idle connections are then as doubtful. */
async function* untilQuiet(incoming: http.IncomingMessage, clock: Clock, onQuiet: () => void): AsyncGenerator<Buffer> {
  const chunks = incoming[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  // Of the piece that is waited for. One promise for all would keep something of every race with it until the stream ends.
  let giveUp = (): void => {};
  let waitingSinceMs: number | undefined;
  let timer: ClockTimer;
  const look = (delayMs: number): void => {
    timer = clock.startTimer(() => {
      const leftMs = QUIET_STREAM_MS - (clock.monotonicMs() - (waitingSinceMs ?? clock.monotonicMs()));
      if (leftMs <= 0) giveUp();
      else look(Math.ceil(leftMs));
    }, delayMs);
  };
  look(QUIET_STREAM_MS);
  try {
    for (;;) {
      waitingSinceMs = clock.monotonicMs();
      const next = await new Promise<IteratorResult<Buffer, unknown> | undefined>((resolve, reject) => {
        giveUp = () => resolve(undefined);
        chunks.next().then(resolve, reject);
      });
      waitingSinceMs = undefined;
      if (next === undefined) onQuiet();
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    timer!.cancel();
    incoming.destroy();
  }
}
