import type { MetricDefinition } from "@kinglet/metrics";

/** @public */
export const RESOURCES: MetricDefinition<"kind"> = {
  type: "gauge",
  name: "kinglet_policy_resources",
  help: "Policy and rules resources that are known, valid or not.",
  labels: ["kind"],
};

/** @public */
export const BUNDLE_OBJECTS: MetricDefinition = {
  type: "gauge",
  name: "kinglet_policy_bundle_objects",
  help: "Policy and rules resources in the published bundle.",
};

/** @public */
export const BUNDLE_WRITES_TOTAL: MetricDefinition = {
  type: "counter",
  name: "kinglet_policy_bundle_writes_total",
  help: "ConfigMaps of the policy bundle that were written or deleted.",
};

/** @public */
export const CERTIFICATE_WRITES_TOTAL: MetricDefinition = {
  type: "counter",
  name: "kinglet_webhook_certificate_writes_total",
  help: "Secrets and webhook configurations that were written.",
};
