import type { SensorParts } from "./sensor-parts.ts";

/** One container in `GET /debug/containers`. */
interface ContainerRow {
  readonly containerId: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly state: string;
  readonly profile: string;
  readonly reason: string;
  readonly since: string;
}

/**
 * Each watched container, the state of its profile, and why it has none.
 *
 * @internal
 */
export function containerRows(parts: Pick<SensorParts, "profiles">): readonly ContainerRow[] {
  const rows: ContainerRow[] = [];
  for (const { ref, state, reason, sinceMs } of parts.profiles.containers()) {
    rows.push({
      containerId: ref.containerId,
      namespace: ref.namespace,
      pod: ref.podName,
      container: ref.containerName,
      state,
      profile: ref.profileName,
      reason,
      since: new Date(sinceMs).toISOString(),
    });
  }
  return rows;
}
