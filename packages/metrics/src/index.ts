export {
  collectorErrorsDefinition,
  createMetrics,
  seriesOverflowDefinition,
  type MetricsRegistry,
} from "./create-metrics.ts";
export { describeMetrics } from "./describe-metrics.ts";
export { metricsErrors } from "./errors.ts";
export {
  noopMetrics,
  type Counter,
  type Gauge,
  type Histogram,
  type LabelValues,
  type MetricDefinition,
  type Metrics,
} from "./metrics.ts";
export { collectProcessMetrics, processMetricDefinitions } from "./process-metrics.ts";
