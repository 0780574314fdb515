import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import type { RuleDefinition } from "@kinglet/policy-engine";

import { createDetector } from "../src/create-detector.ts";
import type { Detector, DetectorOptions } from "../src/detector.ts";

/** A detector with these rules, prepared; it has no profiles, and says nothing, unless it is given more. */
export async function detectorWith(
  rules: readonly RuleDefinition[],
  options: Partial<DetectorOptions> = {},
): Promise<Detector> {
  const detector = createDetector({
    rules,
    profiles: { get: () => undefined },
    clusterName: "demo",
    nodeName: "node-1",
    logger: noopLogger,
    metrics: noopMetrics,
    ...options,
  });
  await detector.prepare();
  return detector;
}
