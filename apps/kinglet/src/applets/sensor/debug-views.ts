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
  /** Of the profile that is used; empty while there is none. */
  readonly status: string;
  readonly reason: string;
  readonly since: string;
  /** As of when the store is known; empty before its first answer. */
  readonly fetchedAt: string;
  /** True when the store may have something newer, for the `reason` given. */
  readonly isStale: boolean;
  /** What the rules need of the profile and what is kept of it: hash of their declarations, bytes. */
  readonly projection: string;
  readonly bytes: number;
}

/** Each watched container, the state of its profile, and why it has none. @internal */
export function containerRows({ profiles, index, naming }: SensorParts): readonly ContainerRow[] {
  const rows: ContainerRow[] = [];
  for (const { ref, state, reason, sinceMs, fetchedAtMs, isStale, profile } of profiles.containers()) {
    rows.push({
      containerId: ref.containerId,
      namespace: ref.namespace,
      pod: ref.podName,
      container: ref.containerName,
      state,
      profile: profile?.name ?? ref.profileName,
      origin: profile?.origin ?? "",
      status: profile?.status ?? "",
      reason,
      since: timeOf(sinceMs),
      fetchedAt: timeOf(fetchedAtMs),
      isStale,
      projection: profile?.content.projectionHash ?? "",
      bytes: profile?.content.bytes ?? 0,
    });
  }
  for (const containerId of naming.keys()) {
    const identity = index.get(containerId);
    if (identity === undefined) continue;
    rows.push({
      containerId,
      namespace: identity.namespace,
      pod: identity.podName,
      container: identity.containerName,
      state: "pending",
      profile: "",
      origin: "",
      status: "",
      reason: "the pod is fetched for the name that the profiles of all runs of its CronJob have",
      since: "",
      fetchedAt: "",
      isStale: false,
      projection: "",
      bytes: 0,
    });
  }
  return rows;
}

/** The rules that run, and why others do not. @internal */
export function ruleRows({ detector }: SensorParts): unknown {
  return { isPrepared: detector.isPrepared, invalid: detector.invalidRules };
}

/** What is known of the cluster, and how fresh it is. @internal */
export function informerRows({ pods, cluster }: SensorParts): unknown {
  const informers = [pods, ...(cluster?.informers ?? [])];
  return informers.map(({ size, isSynced, status, lastEventAtMs }) =>
    Object.assign({ size, isSynced }, status, { lastEventAtMs }),
  );
}

/** Empty for 0: never. */
function timeOf(ms: number): string {
  return ms === 0 ? "" : new Date(ms).toISOString();
}
