import type { MetricDefinition } from "@kinglet/metrics";

/** Gauge: containers that events can be matched to, by state. @internal */
export const indexedContainers: MetricDefinition<"state"> = {
  type: "gauge",
  name: "kinglet_enrichment_containers",
  help: "Containers that events can be matched to: live ones, and ended ones still kept for late events.",
  labels: ["state"],
};

/** Counter: look-ups by prefix that matched more than one container. @internal */
export const ambiguousPrefixes: MetricDefinition = {
  type: "counter",
  name: "kinglet_enrichment_ambiguous_prefixes_total",
  help: "Look-ups whose container id prefix belongs to more than one container.",
};

/** Gauge: events that wait for their container. @internal */
export const waitingEvents: MetricDefinition = {
  type: "gauge",
  name: "kinglet_enrichment_waiting_events",
  help: "Events that wait for their container to become known.",
};

/** Counter: how waiting ended. @internal */
export const waitsEnded: MetricDefinition<"outcome"> = {
  type: "counter",
  name: "kinglet_enrichment_waits_total",
  help: "Events that had to wait for their container, by how the wait ended: resolved, timeout, evicted.",
  labels: ["outcome"],
};
