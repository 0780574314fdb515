import type { Buffer } from "node:buffer";
import { sleep } from "@kinglet/lifecycle";
import { activityNumbersOf, encodeEventsRequest } from "./events-request.ts";
import { askHealth, askPolicies, askVersion } from "./agent-inquiry.ts";
import { GrpcConnection } from "./grpc-connection.ts";
import { openSocket } from "./open-socket.ts";
import type { ResolvedGrpcOptions } from "./resolve-options.ts";
import type { TetragonAgent } from "./tetragon-grpc-source.ts";

/** An answer to a probe has to come within this time. */
const probeTimeoutMs = 10_000;
/** How often a busy agent is asked for its health and its policies; a quiet one is asked whenever it is probed. */
const inquiryIntervalMs = 300_000;

/** What a session tells. @internal */
export interface SessionEvents {
  /** The agent answered: from now on nothing is missed. */
  readonly onEstablished: () => void;
  readonly onMessage: (bytes: Buffer, start: number, end: number) => void;
  readonly onTooLong: (length: number) => void;
  readonly onChunkEnd: () => void;
}

/** How a session ended. @internal */
export interface SessionEnd {
  /** One sentence. */
  readonly reason: string;
  readonly wasEstablished: boolean;
  /** When the agent was last heard of, milliseconds since 1970: the blind time begins there. */
  readonly lastSignAtMs: number;
}

/**
 * One connection to the agent, from the socket to its end.
 *
 * The stream alone does not say that it is there: an agent without events sends not even headers. So the agent is asked for its version
 * on the same connection, and its answer means that the request before it was taken. A silent agent is asked for its health and pinged at the same time: a
 * ping alone, every 30 s on a stream without traffic, is what gRPC servers written in Go answer with GOAWAY "too_many_pings" (at the third
 * ping within five minutes, unless they sent something in between - the answer to the question).
 *
 * @internal
 */
export class AgentSession {
  #agent: TetragonAgent = { version: "", status: "", policies: undefined };
  readonly #options: ResolvedGrpcOptions;
  readonly #events: SessionEvents;
  #isEstablished = false;

  constructor(options: ResolvedGrpcOptions, events: SessionEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** What the agent said about itself. */
  get agent(): TetragonAgent {
    return this.#agent;
  }

  /** Connects and reads until the stream ends or the signal fires; never throws. */
  async run(signal: AbortSignal): Promise<SessionEnd> {
    const { clock, target, tls } = this.#options;
    let connection: GrpcConnection;
    try {
      connection = new GrpcConnection(await openSocket(target, tls, { clock, signal }), clock);
    } catch (error) {
      return {
        reason: `cannot connect: ${(error as Error).message}`,
        wasEstablished: false,
        lastSignAtMs: clock.now(),
      };
    }
    const over = new AbortController();
    const onAbort = (): void => connection.destroy("stopped");
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    let reason = "";
    try {
      const stream = connection.serverStream("GetEvents", this.#request(), {
        maxMessageBytes: this.#options.maxMessageBytes,
        onMessage: (bytes, start, end) => {
          this.#established();
          this.#events.onMessage(bytes, start, end);
        },
        onTooLong: this.#events.onTooLong,
        onChunkEnd: this.#events.onChunkEnd,
      });
      void this.#greet(connection);
      void this.#watch(connection, over.signal);
      reason = await Promise.race([stream, connection.closed]);
    } finally {
      signal.removeEventListener("abort", onAbort);
      over.abort();
      connection.destroy(reason);
    }
    await connection.closed;
    // Whole milliseconds: the monotonic clock has fractions, times since 1970 have none.
    const lastSignAtMs = Math.floor(clock.now() - Math.max(0, clock.monotonicMs() - connection.lastSignMs));
    return { reason, wasEstablished: this.#isEstablished, lastSignAtMs };
  }

  #request(): Uint8Array {
    const { kinds, ignoresHealthChecks } = this.#options;
    return encodeEventsRequest({ eventNumbers: activityNumbersOf(kinds), withoutHealthChecks: ignoresHealthChecks });
  }

  async #greet(connection: GrpcConnection): Promise<void> {
    const version = await askVersion(connection);
    if (version === undefined) {
      if (!this.#isEstablished) connection.destroy("the agent does not answer");
      return;
    }
    this.#agent = { ...this.#agent, version };
    this.#established();
    await this.#inquire(connection);
  }

  async #inquire(connection: GrpcConnection): Promise<boolean> {
    const status = await askHealth(connection);
    this.#agent = { ...this.#agent, status: status ?? "NOT_ANSWERING" };
    if (status === undefined) return false;
    const policies = await askPolicies(connection);
    this.#agent = { ...this.#agent, policies };
    return true;
  }

  /** One timer per connection: asks when it was silent, and now and then when it was not. */
  async #watch(connection: GrpcConnection, over: AbortSignal): Promise<void> {
    const { clock, pingIntervalMs } = this.#options;
    let inquiredMs = clock.monotonicMs();
    while (!over.aborted) {
      const quietMs = clock.monotonicMs() - connection.lastSignMs;
      if (quietMs < pingIntervalMs) {
        const isDue = clock.monotonicMs() - inquiredMs >= inquiryIntervalMs;
        if (isDue) {
          inquiredMs = clock.monotonicMs();
          await this.#inquire(connection);
        }
        try {
          await sleep(pingIntervalMs - quietMs, { signal: over, clock });
        } catch {
          return;
        }
        continue;
      }
      inquiredMs = clock.monotonicMs();
      const [hasPonged, hasAnswered] = await Promise.all([connection.ping(probeTimeoutMs), this.#inquire(connection)]);
      if (!hasPonged && !hasAnswered && !over.aborted) {
        connection.destroy(`no sign of life for ${Math.round((clock.monotonicMs() - connection.lastSignMs) / 1000)} s`);
        return;
      }
    }
  }

  #established(): void {
    if (this.#isEstablished) return;
    this.#isEstablished = true;
    this.#events.onEstablished();
  }
}
