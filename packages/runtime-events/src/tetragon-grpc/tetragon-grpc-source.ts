import type { RuntimeEventKind } from "@kinglet/enrichment";
import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { RuntimeEventSource } from "../runtime-event-source.ts";
import type { SourceHealth } from "../source-health.ts";

/** TLS towards an agent behind TCP. Files are read at every connection, so renewed certificates are taken up. @public */
export interface TetragonTlsOptions {
  /** Authorities that may have signed the agent's certificate, PEM. Absent: the system's. */
  readonly caPath?: string;
  /** Our certificate and key, PEM, for agents that ask for one. Both or none. */
  readonly certificatePath?: string;
  readonly keyPath?: string;
  /** Name that the agent's certificate is checked against, e.g. `node.tetragon-grpc.cilium.io`. @defaultValue the host of the address */
  readonly serverName?: string;
}

/** Settings of a {@link TetragonGrpcSource}. @public */
export interface TetragonGrpcSourceOptions {
  /** `unix:PATH` (mount the socket's folder, not the socket: it is replaced when the agent restarts) or `tcp:HOST:PORT`. */
  readonly address: string;
  /** Only with `tcp:`; the agent speaks no TLS on its unix socket. */
  readonly tls?: TetragonTlsOptions;
  /** Kinds to deliver; others are not asked for, and counted only when they come all the same. @defaultValue all */
  readonly kinds?: readonly RuntimeEventKind[];
  /** Leaves out what Kubernetes' exec probes run, as the agent's default export does. @defaultValue true */
  readonly ignoresHealthChecks?: boolean;
  /** Node name for events without one. */
  readonly nodeName?: string;
  /** Where the agent's metrics are, e.g. `http://127.0.0.1:2112/metrics`: the only way to learn what it dropped. Absent: not asked. */
  readonly agentMetricsUrl?: string;
  /** Longer messages are passed over and counted, bytes, 1024 ... 67,108,864. @defaultValue 10 MiB, as `tetra` */
  readonly maxMessageBytes?: number;
  /** Events that wait for a busy consumer, 16 ... 1,048,576. @defaultValue 8192 */
  readonly maxQueuedEvents?: number;
  /** Silence after which the agent is asked whether it is still there, milliseconds, 30,000 ... 3,600,000. @defaultValue 30,000 */
  readonly pingIntervalMs?: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** For the jitter of reconnecting, 0 <= x < 1. @defaultValue Math.random */
  readonly random?: () => number;
}

/** A tracing policy of the agent. @public */
export interface TetragonPolicy {
  readonly name: string;
  /** Empty for a policy of the whole cluster. */
  readonly namespace: string;
  /** As the agent says it without its prefix, e.g. `ENABLED`, `LOAD_ERROR`. */
  readonly state: string;
  readonly error: string;
}

/** What the agent says about itself; empty where it does not say it (older releases lack the calls). @public */
export interface TetragonAgent {
  readonly version: string;
  /** `RUNNING`, `STOPPED`, `ERROR`, ...; `NOT_ANSWERING` when it was asked in vain. */
  readonly status: string;
  /** Undefined when it does not say. */
  readonly policies: readonly TetragonPolicy[] | undefined;
}

/** State of a {@link TetragonGrpcSource} at one moment. @public */
export interface TetragonGrpcHealth extends SourceHealth {
  readonly agent: TetragonAgent;
  /** What the agent's metrics counted as lost since this source began to read them, by metric; empty without an address. */
  readonly agentLosses: Readonly<Record<string, number>>;
  /** Replayed executions (`procFS`) that had been delivered before and were left out. */
  readonly repeatedReplays: number;
}

/**
 * Tetragon's event stream over gRPC.
 *
 * Guarantees: events in the order of the stream, numbered from 1; the stream is read however long `deliver` takes, what does not fit the
 * queue is dropped by kind (exits first) and counted; every time without a stream is a blind interval, because nothing can be asked for
 * again. Does not guarantee that events come by time: the agent delays some by up to 30 s.
 *
 * @public
 */
export interface TetragonGrpcSource extends RuntimeEventSource {
  health(): TetragonGrpcHealth;
}
