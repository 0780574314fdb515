import type { DebugRoute } from "@kinglet/endpoints";
import type { Logging } from "@kinglet/logger";
import type { MemoryWatch } from "./memory-watch.ts";
import type { SensorParts } from "./sensor-parts.ts";

/** One container in `GET /debug/containers`. */
interface ContainerRow {
  readonly containerId: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly state: string;
  readonly profile: string;
  /** What is used: the learned profile, it with overlays, an authored one; empty while there is none. */
  readonly origin: string;
  readonly reason: string;
  readonly since: string;
}

/**
 * The sensor's debug endpoints.
 *
 * @param opened - filled once the parts are there; until then the endpoints say so.
 *
 * @internal
 */
export function debugRoutes(
  opened: { readonly parts?: SensorParts },
  logging: Logging,
  memory: MemoryWatch,
): Readonly<Record<string, DebugRoute>> {
  const withParts =
    (view: (parts: SensorParts) => unknown): NonNullable<DebugRoute["get"]> =>
    () =>
      opened.parts === undefined ? { status: 503, text: "starting\n" } : { json: view(opened.parts) };
  return {
    "/debug/containers": { get: withParts((parts) => ({ containers: containerRows(parts) })) },
    "/debug/events": {
      get: withParts((parts) => ({ source: parts.source.health(), waiting: parts.pipeline.waiting })),
    },
    "/debug/informers": { get: withParts(informerRows) },
    "/debug/rules": {
      get: withParts(({ detector }) => ({ isPrepared: detector.isPrepared, invalid: detector.invalidRules })),
    },
    "/debug/loglevel": {
      get: () => ({ json: logging.levels() }),
      patch: ({ query }) => {
        const modules = query.getAll("module");
        const { changed, unknown } = logging.setLevel(
          query.get("level") ?? "",
          modules.length === 0 ? undefined : modules,
        );
        return { status: unknown.length === 0 ? 200 : 422, json: { changed, unknown } };
      },
    },
    "/debug/heap": {
      get: () => ({ json: memory.heapStatistics() }),
      post: async () => ({ json: { path: await memory.writeSnapshot() } }),
    },
  };
}

/** Each watched container, the state of its profile, and why it has none. */
function containerRows({ profiles }: SensorParts): readonly ContainerRow[] {
  const rows: ContainerRow[] = [];
  for (const { ref, state, reason, sinceMs, profile } of profiles.containers()) {
    rows.push({
      containerId: ref.containerId,
      namespace: ref.namespace,
      pod: ref.podName,
      container: ref.containerName,
      state,
      profile: profile?.name ?? ref.profileName,
      origin: profile?.origin ?? "",
      reason,
      since: new Date(sinceMs).toISOString(),
    });
  }
  return rows;
}

function informerRows({ pods, cluster }: SensorParts): unknown {
  const informers = [pods, ...(cluster?.informers ?? [])];
  return informers.map(({ size, isSynced, status, lastEventAtMs }) =>
    Object.assign({ size, isSynced }, status, { lastEventAtMs }),
  );
}
