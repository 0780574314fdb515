import type { RuntimeEventKind } from "@kinglet/enrichment";
import { assertBetween, optionError } from "../assert-option.ts";
import { assertMetricsUrl } from "./loss-watch.ts";
import { parseGrpcTarget, type GrpcTarget } from "./grpc-target.ts";
import type { TetragonGrpcSourceOptions, TetragonTlsOptions } from "./tetragon-grpc-source.ts";

/** Checked settings with every default filled in. @internal */
export type ResolvedGrpcOptions = Required<Omit<TetragonGrpcSourceOptions, "kinds" | "tls" | "agentMetricsUrl">> & {
  readonly target: GrpcTarget;
  readonly kinds: ReadonlySet<RuntimeEventKind> | undefined;
  readonly tls: TetragonTlsOptions | undefined;
  readonly agentMetricsUrl: string | undefined;
};

/** @throws KINGLET_ERR_RUNTIME_EVENTS_OPTION @internal */
export function resolveGrpcOptions(options: TetragonGrpcSourceOptions): ResolvedGrpcOptions {
  const {
    maxMessageBytes = 10_485_760,
    maxQueuedEvents = 8192,
    pingIntervalMs = 30_000,
    tls,
    agentMetricsUrl,
  } = options;
  assertBetween("maxMessageBytes", maxMessageBytes, 1024, 67_108_864);
  assertBetween("maxQueuedEvents", maxQueuedEvents, 16, 1_048_576);
  assertBetween("pingIntervalMs", pingIntervalMs, 30_000, 3_600_000);
  const target = parseGrpcTarget(options.address);
  if (tls !== undefined && target.kind === "unix") {
    throw optionError("tls", "set", "nothing with a unix: address, where the agent speaks no TLS");
  }
  if (tls !== undefined && (tls.certificatePath === undefined) !== (tls.keyPath === undefined)) {
    throw optionError("tls", "half a key pair", "certificate and key together, or neither");
  }
  if (agentMetricsUrl !== undefined) assertMetricsUrl(agentMetricsUrl);
  return {
    ...options,
    target,
    kinds: options.kinds === undefined ? undefined : new Set(options.kinds),
    tls,
    ignoresHealthChecks: options.ignoresHealthChecks ?? true,
    nodeName: options.nodeName ?? "",
    agentMetricsUrl,
    maxMessageBytes,
    maxQueuedEvents,
    pingIntervalMs,
    random: options.random ?? Math.random,
  };
}
