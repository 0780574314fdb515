import type { MetricDefinition } from "@kinglet/metrics";

/** Events of the kinds that can repeat. */
export const dedupEvents: MetricDefinition<"event_type" | "result"> = {
  type: "counter",
  name: "kinglet_sensor_dedup_events_total",
  help: "Events of kinds that repeat, by kind, passed on or left out as a repetition.",
  labels: ["event_type", "result"],
};

/** Alerts that a rule raised and that did not leave, each counted once. */
export const heldBackAlerts: MetricDefinition<"reason"> = {
  type: "counter",
  name: "kinglet_sensor_alerts_held_back_total",
  help: "Alerts held back: repetitions (cooldown), more than the budget of the namespace (budget; a summary tells of them).",
  labels: ["reason"],
};

/** Events that wait for learning in the place of an earlier one. */
export const sharedPlaces: MetricDefinition = {
  type: "counter",
  name: "kinglet_sensor_shared_learning_waits_total",
  help: "Events that share an earlier one's place in the checkpoint, because as many as are allowed wait until what was learned of them is kept: the state folder cannot be written.",
};

/** Rules resources, bindings and files of rules with something wrong in them. */
export const ruleProblems: MetricDefinition = {
  type: "gauge",
  name: "kinglet_sensor_rule_sources_with_problems",
  help: "Rules resources, rule bindings and files of rules in which something is wrong; the rest of them holds.",
};
