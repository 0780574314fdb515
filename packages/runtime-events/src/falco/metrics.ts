import type { MetricDefinition } from "@kinglet/metrics";

/** Counter: alerts of Falco. @internal */
export const falcoAlerts: MetricDefinition<"outcome"> = {
  type: "counter",
  name: "kinglet_falco_alerts_total",
  help: "Alerts that Falco posted by what became of them: finding, unusable (no alert), malformed (no JSON, or too large), full (refused for want of room).",
  labels: ["outcome"],
};
