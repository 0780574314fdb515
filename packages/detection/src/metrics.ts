import type { MetricDefinition } from "@kinglet/metrics";

/** Why an event was not held against a rule; the values of the label `reason`. @internal */
export type SkipReason =
  | "replay"
  | "runtime_stage"
  | "no_binary"
  | "no_rules"
  | "no_profile"
  | "learning"
  | "unusable_profile"
  | "unobserved"
  | "missing_field"
  | "prefilter"
  | "policy";

/** Events that reached the rules, by kind. @internal */
export const evaluatedEvents: MetricDefinition<"kind"> = {
  type: "counter",
  name: "kinglet_detection_events_total",
  help: "Events that reached detection, by kind.",
  labels: ["kind"],
};

/** Evaluations that did not take place. @internal */
export const skippedEvaluations: MetricDefinition<"reason"> = {
  type: "counter",
  name: "kinglet_detection_skipped_total",
  help: "Events (replay, runtime_stage, no_binary, no_rules) and rules on events (no_profile, learning, unusable_profile, unobserved, missing_field, prefilter, policy) that were not evaluated.",
  labels: ["reason"],
};

/** How often rules looked at events. @internal */
export const ruleEvaluations: MetricDefinition<"rule"> = {
  type: "counter",
  name: "kinglet_detection_evaluations_total",
  help: "Evaluations of the conditions of a rule on an event, by rule id.",
  labels: ["rule"],
};

/** Alerts raised. @internal */
export const ruleMatches: MetricDefinition<"rule"> = {
  type: "counter",
  name: "kinglet_detection_matches_total",
  help: "Alerts raised, by rule id.",
  labels: ["rule"],
};

/** Evaluations that failed. @internal */
export const evaluationFailures: MetricDefinition<"rule"> = {
  type: "counter",
  name: "kinglet_detection_evaluation_failures_total",
  help: "Evaluations that ended in an error instead of an answer, by rule id.",
  labels: ["rule"],
};

/** Rules that do not run. @internal */
export const invalidRules: MetricDefinition = {
  type: "gauge",
  name: "kinglet_detection_invalid_rules",
  help: "Enabled rules that do not run because they are invalid.",
};

/** Rules that run without some of their conditions. @internal */
export const partialRules: MetricDefinition = {
  type: "gauge",
  name: "kinglet_detection_partial_rules",
  help: "Rules that run without some of their conditions, because nothing feeds these.",
};

/** Rules that ask profiles for more than they declare. @internal */
export const undeclaredRules: MetricDefinition = {
  type: "gauge",
  name: "kinglet_detection_undeclared_rules",
  help: "Rules whose expressions ask profiles for more than profileDataRequired says; it is kept as well.",
};
