import type { MetricDefinition } from "@kinglet/metrics";

/** Counter: audit events. @internal */
export const auditEvents: MetricDefinition<"outcome"> = {
  type: "counter",
  name: "kinglet_kubernetes_audit_events_total",
  help: "Kubernetes audit events by what became of them: finding, none (nothing to say), repeated, unusable (not an event), too-large, too-deep, full (refused for want of room), partial, blank.",
  labels: ["outcome"],
};
