import type { MetricDefinition } from "@kinglet/metrics";

/** Containers by state. @internal */
export const containersGauge: MetricDefinition<"state"> = {
  type: "gauge",
  name: "kinglet_profile_cache_containers",
  help: "Containers in the profile cache by state: pending, active, unbound or grace.",
  labels: ["state"],
};

/** Profiles by what is known of them. @internal */
export const profilesGauge: MetricDefinition<"kind"> = {
  type: "gauge",
  name: "kinglet_profile_cache_profiles",
  help: "Profiles in the cache: wanted by a container, held, held, stale (held, perhaps not what the store has), outdated (held, made for other rules), without_room (a version that did not fit), distinct by content.",
  labels: ["kind"],
};

/** Look-ups. @internal */
export const lookupsCounter: MetricDefinition<"result"> = {
  type: "counter",
  name: "kinglet_profile_cache_lookups_total",
  help: "Look-ups of a profile by container, by result: hit or miss.",
  labels: ["result"],
};

/** Fetches. @internal */
export const fetchesCounter: MetricDefinition<"result"> = {
  type: "counter",
  name: "kinglet_profile_cache_fetches_total",
  help: "Fetches from the profile store by result: changed, unchanged, not_found, not_final, no_room, error or discarded.",
  labels: ["result"],
};

/** Duration of a fetch. @internal */
export const fetchSecondsHistogram: MetricDefinition = {
  type: "histogram",
  name: "kinglet_profile_cache_fetch_duration_seconds",
  help: "How long one fetch from the profile store took.",
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
};

/** Containers that left. @internal */
export const evictionsCounter: MetricDefinition<"reason"> = {
  type: "counter",
  name: "kinglet_profile_cache_evictions_total",
  help: "Profiles and containers that left the cache, by reason: profile_deleted, container_removed, pod_stopped, pod_unknown or full.",
  labels: ["reason"],
};

/** Containers refused. @internal */
export const refusedCounter: MetricDefinition = {
  type: "counter",
  name: "kinglet_profile_cache_refused_total",
  help: "Containers that were not added because the cache was full.",
};

/** Memory of profiles. @internal */
export const contentBytesGauge: MetricDefinition = {
  type: "gauge",
  name: "kinglet_profile_cache_content_bytes",
  help: "About how much memory the distinct profiles keep.",
};
