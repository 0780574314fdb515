import type { Counter, Gauge, MetricDefinition, Metrics } from "@kinglet/metrics";

const waitingAlerts: MetricDefinition<"sink"> = {
  type: "gauge",
  name: "kinglet_alert_sinks_exporter_waiting_alerts",
  help: "Alerts that wait for an exporter.",
  labels: ["sink"],
};

const sentAlerts: MetricDefinition<"sink"> = {
  type: "counter",
  name: "kinglet_alert_sinks_exporter_sent_total",
  help: "Alerts that an exporter delivered.",
  labels: ["sink"],
};

const failedSends: MetricDefinition<"sink"> = {
  type: "counter",
  name: "kinglet_alert_sinks_exporter_failed_sends_total",
  help: "Attempts of an exporter that failed; most are repeated.",
  labels: ["sink"],
};

const lostAlerts: MetricDefinition<"sink" | "reason"> = {
  type: "counter",
  name: "kinglet_alert_sinks_exporter_lost_total",
  help: "Alerts that an exporter did not deliver: overflow, rejected, expired, rate_limit, shutdown, spool.",
  labels: ["sink", "reason"],
};

const exporterUp: MetricDefinition<"sink"> = {
  type: "gauge",
  name: "kinglet_alert_sinks_exporter_up",
  help: "1 while the last attempt of the exporter succeeded, 0 from the first one that its receiver did not answer; what it refuses leaves it at 1.",
  labels: ["sink"],
};

const spoolBytes: MetricDefinition<"sink"> = {
  type: "gauge",
  name: "kinglet_alert_sinks_exporter_spool_bytes",
  help: "Bytes on disk of alerts that wait for an exporter.",
  labels: ["sink"],
};

const spoolFailures: MetricDefinition<"sink"> = {
  type: "counter",
  name: "kinglet_alert_sinks_exporter_spool_failures_total",
  help: "Alerts that could not be written to disk and wait for their exporter in memory only: a crash would lose them.",
  labels: ["sink"],
};

/** What a lane counts. @internal */
export interface LaneMetrics {
  readonly waiting: Gauge<"sink">;
  readonly sent: Counter<"sink">;
  readonly failed: Counter<"sink">;
  readonly lost: Counter<"sink" | "reason">;
  readonly up: Gauge<"sink">;
  readonly spoolBytes: Gauge<"sink">;
  readonly spoolFailures: Counter<"sink">;
}

/** @internal */
export function createLaneMetrics(metrics: Metrics): LaneMetrics {
  return {
    waiting: metrics.gauge(waitingAlerts),
    sent: metrics.counter(sentAlerts),
    failed: metrics.counter(failedSends),
    lost: metrics.counter(lostAlerts),
    up: metrics.gauge(exporterUp),
    spoolBytes: metrics.gauge(spoolBytes),
    spoolFailures: metrics.counter(spoolFailures),
  };
}
