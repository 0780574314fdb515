import type { MetricDefinition } from "@kinglet/metrics";

/** Every review that was answered is counted exactly once. */
export const reviews: MetricDefinition<"webhook" | "outcome"> = {
  type: "counter",
  name: "kinglet_admission_reviews_total",
  help: "Reviews by webhook and by what became of them.",
  labels: ["webhook", "outcome"],
};

export const reviewSeconds: MetricDefinition<"webhook"> = {
  type: "histogram",
  name: "kinglet_admission_review_duration_seconds",
  help: "From the arrival of a review to its answer.",
  labels: ["webhook"],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
};

export const bypasses: MetricDefinition<"reason"> = {
  type: "counter",
  name: "kinglet_admission_bypasses_total",
  help: "Reviews allowed without evaluation, by reason.",
  labels: ["reason"],
};

export const shedReviews: MetricDefinition<"reason"> = {
  type: "counter",
  name: "kinglet_admission_shed_total",
  help: "Reviews answered with the configured default because there was no time or no room for them.",
  labels: ["reason"],
};

export const refusedRequests: MetricDefinition<"reason"> = {
  type: "counter",
  name: "kinglet_admission_bad_requests_total",
  help: "Requests and connections that were no reviews that can be answered.",
  labels: ["reason"],
};

export const lateAnswers: MetricDefinition = {
  type: "counter",
  name: "kinglet_admission_late_answers_total",
  help: "Answers given after the time that was meant for them.",
};

export const violations: MetricDefinition<"mode"> = {
  type: "counter",
  name: "kinglet_admission_violations_total",
  help: "Violated policies by what they do.",
  labels: ["mode"],
};

export const notEvaluatedPolicies: MetricDefinition = {
  type: "counter",
  name: "kinglet_admission_policies_not_evaluated_total",
  help: "Policies that could not be evaluated for a review, because something they need is not known.",
};

export const reviewsUnderWay: MetricDefinition = {
  type: "gauge",
  name: "kinglet_admission_reviews_under_way",
  help: "Reviews that were not answered yet.",
};

export const bytesUnderWay: MetricDefinition = {
  type: "gauge",
  name: "kinglet_admission_request_bytes_under_way",
  help: "Bytes of request bodies that are held.",
};

export const connections: MetricDefinition = {
  type: "gauge",
  name: "kinglet_admission_connections",
  help: "Open connections.",
};

/** @public */
export const failClosed: MetricDefinition<"webhook"> = {
  type: "gauge",
  name: "kinglet_admission_fail_closed",
  help: "1 when reviews that there is no time for are denied, 0 when they are allowed.",
  labels: ["webhook"],
};

/** @public */
export const certificateExpiry: MetricDefinition = {
  type: "gauge",
  name: "kinglet_admission_certificate_expiry_timestamp_seconds",
  help: "When the serving certificate in use ends, seconds since 1970.",
};

/** @public */
export const certificateReloads: MetricDefinition<"result"> = {
  type: "counter",
  name: "kinglet_admission_certificate_reloads_total",
  help: "Times the certificate files had changed, by result.",
  labels: ["result"],
};

export const policiesInForce: MetricDefinition = {
  type: "gauge",
  name: "kinglet_admission_policies",
  help: "Policies in force.",
};

export const unreadablePolicies: MetricDefinition = {
  type: "gauge",
  name: "kinglet_admission_policies_unreadable",
  help: "Policies of the bundle in force that cannot be read.",
};

export const bundleLoads: MetricDefinition<"source" | "result"> = {
  type: "counter",
  name: "kinglet_admission_bundle_loads_total",
  help: "Policy bundles by source and by what became of them.",
  labels: ["source", "result"],
};

export const bundleIsStale: MetricDefinition = {
  type: "gauge",
  name: "kinglet_admission_bundle_stale",
  help: "1 while the newest bundle cannot be used and an older one is in force.",
};

export const imageCacheOperations: MetricDefinition<"result"> = {
  type: "counter",
  name: "kinglet_admission_image_cache_operations_total",
  help: "Look-ups of the image cache and what it dropped.",
  labels: ["result"],
};

export const imageCacheBytes: MetricDefinition = {
  type: "gauge",
  name: "kinglet_admission_image_cache_bytes",
  help: "Size of the image cache.",
};

export const imageFetches: MetricDefinition<"source" | "status"> = {
  type: "counter",
  name: "kinglet_admission_image_fetches_total",
  help: "Fetches of image metadata.",
  labels: ["source", "status"],
};

export const imageFetchSeconds: MetricDefinition<"source" | "status"> = {
  type: "histogram",
  name: "kinglet_admission_image_fetch_duration_seconds",
  help: "Duration of fetches of image metadata.",
  labels: ["source", "status"],
  buckets: [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8],
};

export const imageFetchesPerReview: MetricDefinition = {
  type: "histogram",
  name: "kinglet_admission_image_fetches_per_review",
  help: "Images that were asked for because of one review.",
  buckets: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
};

/** @public */
export const droppedAlerts: MetricDefinition = {
  type: "counter",
  name: "kinglet_admission_alerts_dropped_total",
  help: "Alerts that gave way to newer ones because too many waited.",
};
