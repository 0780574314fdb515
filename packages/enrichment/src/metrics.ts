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

/** Gauge: executions that the process tree remembers. @internal */
export const knownProcesses: MetricDefinition<"state"> = {
  type: "gauge",
  name: "kinglet_enrichment_processes",
  help: "Executions that the process tree remembers: live ones, and ended ones still kept for late events.",
  labels: ["state"],
};

/** Counter: executions that had to go for others. @internal */
export const forgottenProcesses: MetricDefinition = {
  type: "counter",
  name: "kinglet_enrichment_forgotten_processes_total",
  help: "Executions forgotten before their time because the process tree was full.",
};
