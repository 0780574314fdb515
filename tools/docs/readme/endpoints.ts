import { createMetrics, type MetricsRegistry } from "@kinglet/metrics";

export const metrics: MetricsRegistry = createMetrics();
export const logging = { levels: (): object => ({ level: "info" }) };
