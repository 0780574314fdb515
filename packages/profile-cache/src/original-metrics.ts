import type { MetricDefinition, Metrics } from "@kinglet/metrics";

import type { OriginalMetrics } from "./profile-cache-metrics.ts";

const loadsDefinition: MetricDefinition<"kind" | "completeness"> = {
  type: "counter",
  name: "node_agent_user_profile_legacy_loads_total",
  help: "Overlays merged, by kind and by whether they describe every container of the pod.",
  labels: ["kind", "completeness"],
};
const entriesDefinition: MetricDefinition<"kind"> = {
  type: "gauge",
  name: "node_agent_containerprofile_cache_entries",
  help: "Containers in the profile cache: with a profile (container), without one (pending), both (total).",
  labels: ["kind"],
};
const hitsDefinition: MetricDefinition<"result"> = {
  type: "counter",
  name: "node_agent_containerprofile_cache_hit_total",
  help: "Look-ups of a profile by container, by result: hit or miss.",
  labels: ["result"],
};
const durationDefinition: MetricDefinition<"phase"> = {
  type: "histogram",
  name: "node_agent_containerprofile_reconciler_duration_seconds",
  help: "How long the phases of a tick took.",
  labels: ["phase"],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
};
const evictionsDefinition: MetricDefinition<"reason"> = {
  type: "counter",
  name: "node_agent_containerprofile_reconciler_evictions_total",
  help: "Entries that left because of what a tick found, by reason.",
  labels: ["reason"],
};
const adoptedDefinition: MetricDefinition<"namespace"> = {
  type: "counter",
  name: "container_profile_user_defined_adopted_total",
  help: "Authored profiles taken over, by namespace.",
  labels: ["namespace"],
};
const unresolvedDefinition: MetricDefinition<"namespace"> = {
  type: "counter",
  name: "container_profile_user_defined_unresolved_total",
  help: "Pod labels that name a profile that does not exist, by namespace.",
  labels: ["namespace"],
};

/** @internal */
export function offerOriginalMetrics(metrics: Metrics): OriginalMetrics {
  const loads = metrics.counter(loadsDefinition);
  const entries = metrics.gauge(entriesDefinition);
  const lookups = metrics.counter(hitsDefinition);
  const duration = metrics.histogram(durationDefinition);
  const evictions = metrics.counter(evictionsDefinition);
  const adopted = metrics.counter(adoptedDefinition);
  const unresolved = metrics.counter(unresolvedDefinition);
  let collectedHits = 0;
  let collectedMisses = 0;
  return {
    collect({ containers }, { hits, misses }) {
      const { pending, active, unbound, grace } = containers;
      const all = pending + active + unbound + grace;
      entries.set(all - pending, { kind: "container" });
      entries.set(pending, { kind: "pending" });
      entries.set(all, { kind: "total" });
      lookups.add(hits - collectedHits, { result: "hit" });
      lookups.add(misses - collectedMisses, { result: "miss" });
      collectedHits = hits;
      collectedMisses = misses;
    },
    evicted(reason) {
      // There, removals that were reported did not count.
      if (reason === "pod_stopped" || reason === "profile_deleted") evictions.add(1, { reason });
    },
    overlayLoaded: (kind, completeness) => loads.add(1, { kind, completeness }),
    labelResolved: (result, namespace) => (result === "adopted" ? adopted : unresolved).add(1, { namespace }),
    reconciled: (phase, seconds) => duration.observe(seconds, { phase }),
  };
}
