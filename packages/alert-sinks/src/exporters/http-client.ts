import { Agent as HttpAgent, request as requestHttp, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createError } from "@kinglet/errors";
import { withTimeout, type Clock, type ClockTimer } from "@kinglet/lifecycle";

import { alertSinksErrors } from "../errors.ts";
import { BoundedBody } from "./bounded-body.ts";
import { shortReason } from "./short-reason.ts";
import { RequestGate } from "./request-gate.ts";

/** @public */
export interface HttpClientOptions {
  readonly clock: Clock;
  /** Connections to one host and port. @defaultValue 4 */
  readonly maxConnectionsPerHost?: number;
  /** Connections of both schemes together. @defaultValue 16 */
  readonly maxConnections?: number;
  /** Milliseconds an unused connection stays open. @defaultValue 30000 */
  readonly idleTimeoutMs?: number;
  /** Bytes of an answer that are read before its connection is closed. @defaultValue 65536 */
  readonly maxAnswerBytes?: number;
}

/** @public */
export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Certificate authorities, PEM, instead of the system's. */
  readonly ca?: string;
  /** Milliseconds from the call to the end of the answer, waiting for a connection included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** @public */
export interface HttpAnswer {
  readonly status: number;
  /** At most `maxAnswerBytes` of the body, cut at a character boundary. */
  readonly text: string;
  /** As the receiver said, lower case, without parameters; empty when it did not. */
  readonly contentType: string;
  /** False when the body was longer than what is read, or its connection or the time ended before it. */
  readonly isComplete: boolean;
  /** Milliseconds to wait as the receiver said in Retry-After, 0 … 300000; undefined when it said nothing. */
  readonly retryAfterMs: number | undefined;
}

/**
 * HTTP and HTTPS over kept connections, for all exporters of a process.
 *
 * Guarantees: never more than the given connections per host and in total; what finds no free one waits in order, inside its deadline.
 * An answer is read to `maxAnswerBytes` and to its deadline, then its connection is closed: what counts is its status. Unused connections close after `idleTimeoutMs` and do not
 * keep the process alive. Redirects are not followed, so credentials go nowhere else. Nothing is repeated: the caller knows what may be.
 *
 * @public
 */
export class HttpClient implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #gate: RequestGate;
  readonly #maxConnections: number;
  readonly #idleTimeoutMs: number;
  readonly #maxAnswerBytes: number;
  readonly #stopping = new AbortController();
  readonly #idleTimers = new Map<Duplex, ClockTimer>();
  readonly #watched = new WeakSet<Duplex>();
  #http: HttpAgent | undefined;
  #https: HttpsAgent | undefined;

  constructor(options: HttpClientOptions) {
    this.#clock = options.clock;
    this.#maxConnections = options.maxConnections ?? 16;
    this.#gate = new RequestGate(options.maxConnectionsPerHost ?? 4, this.#maxConnections, 1024);
    this.#idleTimeoutMs = options.idleTimeoutMs ?? 30_000;
    this.#maxAnswerBytes = options.maxAnswerBytes ?? 65_536;
  }

  /**
   * @throws the signal's reason; KINGLET_ERR_LIFECYCLE_TIMEOUT; KINGLET_ERR_ALERT_SINKS_UNREACHABLE, _BUSY, _CLOSED.
   */
  async send(url: URL, request: HttpRequest): Promise<HttpAnswer> {
    const closing = this.#stopping.signal;
    if (closing.aborted) throw closing.reason;
    const callers = AbortSignal.any([request.signal, closing]);
    using deadline = withTimeout(request.timeoutMs, {
      signal: callers,
      clock: this.#clock,
      name: `the request to ${url.host}`,
    });
    // The scheme belongs to it: the same host has a pool of its own for each.
    await this.#gate.enter(url.origin, deadline);
    try {
      this.#makeRoom();
      return await this.#exchange(url, request, deadline, callers);
    } finally {
      this.#gate.leave(url.origin);
    }
  }

  /** Open connections, unused ones included. */
  get connections(): number {
    return countSockets(this.#http) + countSockets(this.#https);
  }

  /** Ends what is under way with KINGLET_ERR_ALERT_SINKS_CLOSED and closes every connection. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_CLOSED", { name: "the HTTP client" }));
    for (const timer of this.#idleTimers.values()) timer.cancel();
    this.#idleTimers.clear();
    this.#http?.destroy();
    this.#https?.destroy();
    return Promise.resolve();
  }

  /** @param callers - fires when nobody wants to know any more; the deadline fires with it. */
  #exchange(url: URL, options: HttpRequest, deadline: AbortSignal, callers: AbortSignal): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const isTls = url.protocol === "https:";
      const body = options.body ?? "";
      const headers = { ...options.headers, "content-length": String(Buffer.byteLength(body)) };
      const { method, ca } = options;
      const request = isTls
        ? requestHttps(url, {
            method,
            headers,
            agent: this.#agent(true),
            // Whatever the environment says.
            rejectUnauthorized: true,
            ...(ca !== undefined && { ca }),
          })
        : requestHttp(url, { method, headers, agent: this.#agent(false) });
      let answer: HttpAnswer | undefined;
      let readSoFar: (() => HttpAnswer) | undefined;
      let failure: unknown;
      const finish = (): void => {
        deadline.removeEventListener("abort", onAbort);
        if (answer !== undefined) resolve(answer);
        // The status has arrived, and it is what counts: a body without end only costs the text. Sent again, it would be told twice.
        else if (readSoFar !== undefined && !callers.aborted) resolve(readSoFar());
        else if (deadline.aborted) reject(deadline.reason as Error);
        else reject(unreachable(url, failure));
      };
      const onAbort = (): void => {
        request.destroy();
        finish();
      };
      request.once("response", (response) => {
        readSoFar = this.#readAnswer(response, (read) => (answer ??= read));
      });
      request.on("error", (error) => (failure ??= error));
      // Not at the answer's end: only after `close` is the connection free for the next caller.
      request.once("close", finish);
      deadline.addEventListener("abort", onAbort, { once: true });
      request.end(body);
    });
  }

  /** @returns what was read up to now, as an answer that is not complete. */
  #readAnswer(response: IncomingMessage, onRead: (answer: HttpAnswer) => void): () => HttpAnswer {
    const body = new BoundedBody(this.#maxAnswerBytes);
    const answer = (isComplete: boolean): HttpAnswer => ({
      status: response.statusCode ?? 0,
      text: body.text(),
      contentType: (response.headers["content-type"] ?? "").split(";", 1).join("").trim().toLowerCase().slice(0, 128),
      isComplete,
      retryAfterMs: readRetryAfter(response.headers["retry-after"], this.#clock.now()),
    });
    response.on("data", (chunk: Buffer) => {
      if (body.add(chunk)) return;
      onRead(answer(false));
      response.removeAllListeners("data");
      response.destroy();
    });
    response.once("end", () => onRead(answer(true)));
    // The connection's end is told by the request, too; without a listener it would end the process.
    response.on("error", () => {});
    return () => answer(false);
  }

  /** Unused connections of other hosts give way before a new one is opened. */
  #makeRoom(): void {
    if (this.connections < this.#maxConnections) return;
    for (const [socket, timer] of this.#idleTimers) {
      timer.cancel();
      this.#idleTimers.delete(socket);
      socket.destroy();
      return;
    }
  }

  #agent(isTls: boolean): HttpAgent {
    const existing = isTls ? this.#https : this.#http;
    if (existing !== undefined) return existing;
    const agent = isTls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
    const keep: (socket: Duplex) => unknown = agent.keepSocketAlive.bind(agent);
    const reuse = agent.reuseSocket.bind(agent);
    agent.keepSocketAlive = (socket: Duplex): boolean => {
      // False closes it. The original honours the server's own limit in `Keep-Alive: timeout`.
      if (this.#stopping.signal.aborted || keep(socket) === false) return false;
      this.#watchIdle(socket);
      return true;
    };
    agent.reuseSocket = (socket, request) => {
      this.#idleTimers.get(socket)?.cancel();
      this.#idleTimers.delete(socket);
      reuse(socket, request);
    };
    if (isTls) this.#https = agent as HttpsAgent;
    else this.#http = agent;
    return agent;
  }

  #watchIdle(socket: Duplex): void {
    const timer = this.#clock.startTimer(() => {
      this.#idleTimers.delete(socket);
      (socket as Socket).destroy();
    }, this.#idleTimeoutMs);
    timer.unref();
    this.#idleTimers.set(socket, timer);
    // Once per connection: one that is used again and again must not collect listeners.
    if (this.#watched.has(socket)) return;
    this.#watched.add(socket);
    socket.once("close", () => {
      this.#idleTimers.get(socket)?.cancel();
      this.#idleTimers.delete(socket);
    });
  }
}

function countSockets(agent: HttpAgent | undefined): number {
  let count = 0;
  if (agent === undefined) return count;
  for (const pool of [agent.sockets, agent.freeSockets]) {
    for (const sockets of Object.values(pool)) count += sockets?.length ?? 0;
  }
  return count;
}

function unreachable(url: URL, cause: unknown): Error {
  const reason = cause instanceof Error ? shortReason(cause) : "the connection ended without an answer";
  return createError(
    alertSinksErrors,
    "KINGLET_ERR_ALERT_SINKS_UNREACHABLE",
    { target: url.origin, reason },
    { cause },
  );
}

/** Seconds or a date; at most five minutes, whatever the receiver says: alerts are news, and one that is asked so seldom is not burdened. */
function readRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const delayMs = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isNaN(delayMs) ? undefined : Math.min(Math.max(delayMs, 0), 300_000);
}
