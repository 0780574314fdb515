import type { MetricDefinition } from "@kinglet/metrics";

/** Metrics of garbage collection. @public */
export const gcRunsDefinition: MetricDefinition<"kind"> = {
  type: "counter",
  name: "kinglet_gc_runs_total",
  help: "Garbage collections: minor (young objects), major (whole heap), incremental (steps of a major one), weak (call-backs).",
  labels: ["kind"],
};

/** @public */
export const gcPauseDefinition: MetricDefinition<"kind"> = {
  type: "histogram",
  name: "kinglet_gc_pause_seconds",
  help: "How long garbage collections stopped the program.",
  labels: ["kind"],
  buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5],
};

/** @public */
export const gcRateDefinition: MetricDefinition = {
  type: "gauge",
  name: "kinglet_gc_major_runs_per_minute",
  help: "Collections of the whole heap in the last full minute that had one.",
};
