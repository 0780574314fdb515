import type { MetricDefinition } from "@kinglet/metrics";

/** @internal */
export const assumedBindings: MetricDefinition = {
  type: "gauge",
  name: "kinglet_sensor_bindings_without_namespace_labels",
  help: "Rule bindings that go by labels of namespaces while these are not known: they hold for every namespace that they could select.",
};
