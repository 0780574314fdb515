import type { MetricDefinition } from "@kinglet/metrics";

/** @internal */
export const queuedAlerts: MetricDefinition = {
  type: "gauge",
  name: "kinglet_alert_sinks_queued_alerts",
  help: "Alerts that wait for delivery or are being delivered.",
};

/** @internal */
export const droppedAlerts: MetricDefinition = {
  type: "counter",
  name: "kinglet_alert_sinks_dropped_total",
  help: "Alerts refused because the queue was full or draining.",
};

/** @internal */
export const publishedAlerts: MetricDefinition<"sink"> = {
  type: "counter",
  name: "kinglet_alert_sinks_published_total",
  help: "Alerts that a sink confirmed.",
  labels: ["sink"],
};

/** @internal */
export const publishFailures: MetricDefinition<"sink"> = {
  type: "counter",
  name: "kinglet_alert_sinks_publish_failures_total",
  help: "Attempts to deliver an alert that failed; most are tried again.",
  labels: ["sink"],
};

/** @internal */
export const failedAlerts: MetricDefinition<"sink"> = {
  type: "counter",
  name: "kinglet_alert_sinks_failed_total",
  help: "Alerts that a sink never confirmed, after the last attempt.",
  labels: ["sink"],
};

/** @internal */
export const confirmationFailures: MetricDefinition = {
  type: "counter",
  name: "kinglet_alert_sinks_confirmation_failures_total",
  help: "Delivered alerts whose confirmation could not be recorded; they may be repeated after a restart.",
};

/** @internal */
export const heldBackFailures: MetricDefinition = {
  type: "counter",
  name: "kinglet_alert_sinks_held_back_write_failures_total",
  help: "Attempts to write the numbers of alerts that were held back that failed: a crash would lose them until the next one succeeds.",
};
