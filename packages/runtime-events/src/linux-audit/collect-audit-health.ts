import type { Metrics } from "@kinglet/metrics";
import type { SourceHealth } from "../source-health.ts";
import { auditConnected, auditOpenEvents } from "./metrics.ts";

/** Shows a source's health in metrics. @returns a function that ends it. @internal */
export function collectAuditHealth(
  metrics: Metrics,
  health: () => Pick<SourceHealth, "connected" | "openEvents">,
): () => void {
  const connected = metrics.gauge(auditConnected);
  const open = metrics.gauge(auditOpenEvents);
  return metrics.onCollect(() => {
    const now = health();
    connected.set(now.connected ? 1 : 0);
    open.set(now.openEvents);
  });
}
