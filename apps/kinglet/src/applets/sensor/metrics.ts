import type { MetricDefinition } from "@kinglet/metrics";

/** What became of each execution that the source delivered; every one is counted exactly once. */
export const executions: MetricDefinition<"outcome"> = {
  type: "counter",
  name: "kinglet_sensor_executions_total",
  help: "Executions by what became of them.",
  labels: ["outcome"],
};

/** As {@link executions}, for everything else that processes do. */
export const activities: MetricDefinition<"kind" | "outcome"> = {
  type: "counter",
  name: "kinglet_sensor_activities_total",
  help: "Events other than executions, by kind and what became of them.",
  labels: ["kind", "outcome"],
};

/** Executions whose container is known and whose profile is still being fetched. */
export const heldExecutions: MetricDefinition = {
  type: "gauge",
  name: "kinglet_sensor_held_executions",
  help: "Events that wait for the first look at their container's profile.",
};
