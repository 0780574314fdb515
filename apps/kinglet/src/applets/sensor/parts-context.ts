import type { Logging } from "@kinglet/logger";
import { scale } from "@kinglet/memory-limit";
import type { Metrics } from "@kinglet/metrics";
import type { AppletContext } from "../../applet-context.ts";
import type { SensorConfig } from "./config.ts";

/** What every part gets. @internal */
export interface PartsContext {
  readonly config: SensorConfig;
  readonly context: AppletContext;
  readonly logging: Logging;
  readonly metrics: Metrics;
  /** Memory limit in bytes; undefined without one. */
  readonly memoryLimitBytes: number | undefined;
}

/** At least 100: a small container must still be able to watch the pods of its node. @internal */
export function scaled(size: number, memoryLimitBytes: number | undefined): number {
  return Math.max(100, scale(size, { limit: memoryLimitBytes }).value);
}
