import type { MetricDefinition } from "@kinglet/metrics";

/** Counter: bodies taken. @internal */
export const acceptedBodies: MetricDefinition<"path"> = {
  type: "counter",
  name: "kinglet_webhook_accepted_total",
  help: "Bodies taken by the webhook, by path: what they hold was judged or queued before the answer.",
  labels: ["path"],
};

/** Counter: what was not taken. @internal */
export const refusals: MetricDefinition<"reason"> = {
  type: "counter",
  name: "kinglet_webhook_refused_total",
  help: "Connections and requests that the webhook refused, by reason: tls, http, connections, timeout, gone, authority-changed, origin, unauthorized, path, method, content-type, too-large (for the audit: cut), busy, malformed, full, closing, failed.",
  labels: ["reason"],
};

/** Gauge: open connections. @internal */
export const openConnections: MetricDefinition = {
  type: "gauge",
  name: "kinglet_webhook_connections",
  help: "Connections of the webhook that are open.",
};

/** Gauge: findings that wait. @internal */
export const queuedFindings: MetricDefinition = {
  type: "gauge",
  name: "kinglet_findings_queued",
  help: "Findings of Kubernetes audit and Falco that wait to become alerts.",
};

/** Counter: findings. @internal */
export const findings: MetricDefinition<"source"> = {
  type: "counter",
  name: "kinglet_findings_total",
  help: "Findings taken, by source: kubernetes-audit, falco.",
  labels: ["source"],
};
