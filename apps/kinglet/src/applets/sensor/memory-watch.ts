import { getHeapStatistics } from "node:v8";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { AppletContext } from "../../applet-context.ts";
import type { SensorConfig } from "./config.ts";

/** What the sensor knows of its memory. */
export interface MemoryWatch {
  /** Undefined without a limit. */
  readonly limitBytes: number | undefined;
  heapStatistics(): unknown;
  writeSnapshot(): Promise<string>;
}

export async function openMemoryWatch(
  _base: { config: SensorConfig; context: AppletContext; logger: Logger; metrics: Metrics },
  _stack: AsyncDisposableStack,
): Promise<MemoryWatch> {
  return { limitBytes: undefined, heapStatistics: () => getHeapStatistics(), writeSnapshot: () => Promise.reject(new Error("no")) };
}
