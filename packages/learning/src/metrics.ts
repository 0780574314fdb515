import type { MetricDefinition } from "@kinglet/metrics";

/** @internal */
export const containersGauge: MetricDefinition<"state"> = {
  type: "gauge",
  name: "kinglet_learning_containers",
  help: "Containers that the learner knows by state: initializing, ready, ending, completed, failed, incomplete, too-large or ignored.",
  labels: ["state"],
};

/** @internal */
export const eventsCounter: MetricDefinition<"result"> = {
  type: "counter",
  name: "kinglet_learning_events_total",
  help: "Events by what they added to a profile: known (nothing), added, refused (no room) or not_learned (the container is not learned).",
  labels: ["result"],
};

/** @internal */
export const finishedCounter: MetricDefinition<"state"> = {
  type: "counter",
  name: "kinglet_learning_finished_total",
  help: "Containers whose learning ended, by final state: completed, failed, incomplete, too-large or ignored.",
  labels: ["state"],
};

/** @internal */
export const reportsCounter: MetricDefinition<"outcome"> = {
  type: "counter",
  name: "kinglet_learning_reports_total",
  help: "Reports to the profile store by outcome: stored, learned-elsewhere, already-learned, authored, gone (what was stored before is missing), too-large or error.",
  labels: ["outcome"],
};

/** @internal */
export const splitsCounter: MetricDefinition = {
  type: "counter",
  name: "kinglet_learning_report_splits_total",
  help: "Times that a report was halved because the store refused its size.",
};

/** @internal */
export const bytesGauge: MetricDefinition<"what"> = {
  type: "gauge",
  name: "kinglet_learning_bytes",
  help: "About how many bytes the learner holds: recorded in all, pending (not in the store yet), queue (in the queue directory).",
  labels: ["what"],
};

/** @internal */
export const queuedGauge: MetricDefinition = {
  type: "gauge",
  name: "kinglet_learning_queued_profiles",
  help: "Profiles whose containers have ended and that the store has not accepted yet.",
};

/** @internal */
export const evictionsCounter: MetricDefinition<"reason"> = {
  type: "counter",
  name: "kinglet_learning_evictions_total",
  help: "Profiles that were dropped before the store accepted them, by reason: full (no room) or given_up (too many attempts).",
  labels: ["reason"],
};

/** @internal */
export const queueErrorsCounter: MetricDefinition<"kind"> = {
  type: "counter",
  name: "kinglet_learning_queue_errors_total",
  help: "Faults of the queue directory by kind: write (nothing was persisted, tried again) or corrupt (a record that nobody can read).",
  labels: ["kind"],
};
