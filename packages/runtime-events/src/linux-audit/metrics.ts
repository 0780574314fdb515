import type { MetricDefinition } from "@kinglet/metrics";

/** Counter: what auditd wrote. @internal */
export const auditRecords: MetricDefinition<"outcome"> = {
  type: "counter",
  name: "kinglet_linux_audit_records_total",
  help: "Audit records read, by outcome: joined, passed_over (a kind that no event is made of), malformed, too_long, partial.",
  labels: ["outcome"],
};

/** Counter: what the records were joined to. @internal */
export const auditEvents: MetricDefinition<"outcome"> = {
  type: "counter",
  name: "kinglet_linux_audit_events_total",
  help: "Events of the kernel's audit system, by outcome: delivered, dropped, skipped (nobody consumes the kind), failed (the call did), headless (the record of the call is missing), unused, unknown (a call without a name), unresolved (a path without its directory).",
  labels: ["outcome"],
};

/** Counter: how containers were found. @internal */
export const auditContainers: MetricDefinition<"by"> = {
  type: "counter",
  name: "kinglet_linux_audit_located_total",
  help: "How the container of an event was found, by: process (the system said so), tree (known from before), parent (the process was gone), none.",
  labels: ["by"],
};

/** Gauge: 1 while records would arrive. @internal */
export const auditConnected: MetricDefinition = {
  type: "gauge",
  name: "kinglet_linux_audit_connected",
  help: "1 while auditd's log is followed, or its socket is open, and auditing is not known to be off; else 0.",
};

/** Gauge: delivered events that are not acknowledged. @internal */
export const auditOpenEvents: MetricDefinition = {
  type: "gauge",
  name: "kinglet_linux_audit_open_events",
  help: "Delivered events that are not acknowledged yet.",
};
