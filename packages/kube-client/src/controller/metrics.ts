import type { MetricDefinition } from "@kinglet/metrics";

/** @public */
export const WORK_QUEUE_DEPTH: MetricDefinition<"queue"> = {
  type: "gauge",
  name: "kinglet_work_queue_depth",
  help: "Keys that wait for a worker.",
  labels: ["queue"],
};

/** @public */
export const WORK_QUEUE_ADDS_TOTAL: MetricDefinition<"queue"> = {
  type: "counter",
  name: "kinglet_work_queue_adds_total",
  help: "Keys that were put into the queue; a key that waits already counts once.",
  labels: ["queue"],
};

/** @public */
export const WORK_QUEUE_RETRIES_TOTAL: MetricDefinition<"queue"> = {
  type: "counter",
  name: "kinglet_work_queue_retries_total",
  help: "Keys that were put back after a failure.",
  labels: ["queue"],
};

/** @public */
export const WORK_QUEUE_LONGEST_SECONDS: MetricDefinition<"queue"> = {
  type: "gauge",
  name: "kinglet_work_queue_longest_running_seconds",
  help: "How long the worker that is busy the longest has been at one key.",
  labels: ["queue"],
};

/** @public */
export const WORK_QUEUE_UNFINISHED_SECONDS: MetricDefinition<"queue"> = {
  type: "gauge",
  name: "kinglet_work_queue_unfinished_seconds",
  help: "Time spent so far on the keys under way, all workers together.",
  labels: ["queue"],
};

/** @public */
export const WORK_SECONDS: MetricDefinition<"queue"> = {
  type: "histogram",
  name: "kinglet_work_queue_work_duration_seconds",
  help: "Time from taking a key to being done with it.",
  labels: ["queue"],
  buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60],
};

/** Reconciliations by result: `success`, `requeue`, `requeue_after`, `error`, `terminal`, `timeout`. @public */
export const RECONCILES_TOTAL: MetricDefinition<"controller" | "result"> = {
  type: "counter",
  name: "kinglet_controller_reconciles_total",
  help: "Reconciliations by result.",
  labels: ["controller", "result"],
};

/** 1 while this instance leads. @public */
export const LEADER: MetricDefinition<"lease"> = {
  type: "gauge",
  name: "kinglet_leader",
  help: "1 while this instance holds the lease.",
  labels: ["lease"],
};

/** Attempts on the lease that failed. @public */
export const LEASE_FAILURES_TOTAL: MetricDefinition<"lease"> = {
  type: "counter",
  name: "kinglet_leader_lease_failures_total",
  help: "Attempts to take or renew the lease that failed, other than because somebody else holds it.",
  labels: ["lease"],
};

/** Events by what became of them: `written`, `dropped` (queue full), `failed` (given up). @public */
export const RECORDED_EVENTS_TOTAL: MetricDefinition<"outcome"> = {
  type: "counter",
  name: "kinglet_recorded_events_total",
  help: "Writes of Kubernetes Events by what became of them.",
  labels: ["outcome"],
};
