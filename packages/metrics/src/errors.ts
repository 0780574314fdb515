/**
 * Error codes of this package.
 *
 * @public
 */
export const metricsErrors = {
  KINGLET_ERR_METRICS_CONFLICT: {
    message: "metric {name} is already defined differently ({difference})",
    retryable: false,
    remedy: "Give one of the two metrics another name; a metric is declared in one place only.",
  },
  KINGLET_ERR_METRICS_INVALID: {
    message: "metric {name} cannot be defined: {reason}",
    retryable: false,
    remedy: "Correct the definition in the package that owns the metric.",
  },
} as const;
