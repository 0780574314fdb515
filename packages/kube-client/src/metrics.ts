import type { MetricDefinition } from "@kinglet/metrics";

/**
 * Requests by what was asked and what came back: an HTTP status, or `unreachable`, `timeout`, `aborted`.
 *
 * @public
 */
export const REQUESTS_TOTAL: MetricDefinition<"verb" | "resource" | "code"> = {
  type: "counter",
  name: "kinglet_kube_requests_total",
  help: "Requests to the Kubernetes API by verb, resource and result.",
  labels: ["verb", "resource", "code"],
};

/**
 * Watches that were opened again, by cause: `eof`, `short`, `gone`, `throttled`, `unauthorized`, `forbidden`, `not-found`,
 * `unreachable`, `timeout`, `server`, `refused`, `response`; streaming lists that came to no end: `unfinished`.
 *
 * @public
 */
export const WATCH_RESTARTS_TOTAL: MetricDefinition<"resource" | "cause"> = {
  type: "counter",
  name: "kinglet_kube_watch_restarts_total",
  help: "Watches opened again, by cause.",
  labels: ["resource", "cause"],
};

/** Watch events by type. @public */
export const WATCH_EVENTS_TOTAL: MetricDefinition<"resource" | "type"> = {
  type: "counter",
  name: "kinglet_kube_watch_events_total",
  help: "Events received from watches of the Kubernetes API.",
  labels: ["resource", "type"],
};

/** Complete lists an informer has taken. @public */
export const LISTS_TOTAL: MetricDefinition<"resource"> = {
  type: "counter",
  name: "kinglet_kube_informer_lists_total",
  help: "Complete lists taken by informers.",
  labels: ["resource"],
};

/** Seconds since an informer last heard from the server (event, bookmark or list). @public */
export const LAST_EVENT_AGE_SECONDS: MetricDefinition<"resource"> = {
  type: "gauge",
  name: "kinglet_kube_last_event_age_seconds",
  help: "Seconds since the informer last heard from the Kubernetes API.",
  labels: ["resource"],
};

/** Objects in an informer's store. @public */
export const INFORMER_OBJECTS: MetricDefinition<"resource"> = {
  type: "gauge",
  name: "kinglet_kube_informer_objects",
  help: "Objects held by informers.",
  labels: ["resource"],
};

/** Exceptions thrown by informer handlers. @public */
export const HANDLER_ERRORS_TOTAL: MetricDefinition<"resource"> = {
  type: "counter",
  name: "kinglet_kube_handler_errors_total",
  help: "Exceptions thrown by informer handlers; delivery went on.",
  labels: ["resource"],
};

/** Times a handler was so late that states were left out for it. @public */
export const HANDLER_RELISTS_TOTAL: MetricDefinition<"resource"> = {
  type: "counter",
  name: "kinglet_kube_handler_relists_total",
  help: "Times an informer handler was so late that it got the difference instead of every state.",
  labels: ["resource"],
};

/** Objects that an informer's store and the server did not agree on; only `checkConsistency` looks. @public */
export const INFORMER_MISMATCHES_TOTAL: MetricDefinition<"resource"> = {
  type: "counter",
  name: "kinglet_kube_informer_mismatches_total",
  help: "Objects on which an informer and the API server did not agree.",
  labels: ["resource"],
};

/** Deliveries that wait for busy handlers. @public */
export const HANDLER_WAITING: MetricDefinition<"resource"> = {
  type: "gauge",
  name: "kinglet_kube_handler_waiting",
  help: "Deliveries that wait for busy informer handlers.",
  labels: ["resource"],
};

/** Objects that were not what was asked for and were left out. @public */
export const SKIPPED_OBJECTS_TOTAL: MetricDefinition<"resource"> = {
  type: "counter",
  name: "kinglet_kube_skipped_objects_total",
  help: "Listed or watched objects left out because they were not of the kind asked for or had no metadata.",
  labels: ["resource"],
};
