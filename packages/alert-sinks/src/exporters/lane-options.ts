import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";

/** How one exporter is fed. @public */
export interface LaneOptions {
  /** Alerts that wait; beyond it the oldest gives way. @defaultValue 1000 */
  readonly maxEntries?: number;
  /** Milliseconds a first alert waits for others, when the exporter takes several. @defaultValue 0 */
  readonly batchWaitMs?: number;
  /** Repetitions after which the receiver counts as away; it is still tried, every `maxBackoffMs`. @defaultValue 3 */
  readonly maxRetries?: number;
  /** @defaultValue 1000 */
  readonly initialBackoffMs?: number;
  /** @defaultValue 30000 */
  readonly maxBackoffMs?: number;
  /** Milliseconds one attempt may take, whatever the exporter does. @defaultValue 15000 */
  readonly sendTimeoutMs?: number;
  /** Milliseconds after which a batch that cannot be delivered is given up. @defaultValue 3600000 */
  readonly giveUpAfterMs?: number;
  /**
   * Alerts a minute; those beyond are withheld and counted, except notices, the first alert of each rule in that minute and what is more severe than
   * all before it (30 of both at most). Absent: no limit.
   */
  readonly maxPerMinute?: number;
}

/** @internal */
export interface LaneContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly random?: () => number;
  /** Where alerts wait on disk; absent: in memory only. */
  readonly spool?: SpoolSettings;
}

/** Alerts that wait for a receiver on disk. @public */
export interface SpoolSettings {
  /** A folder of this process alone; each receiver gets one in it, with its first alert. Mode 0700. */
  readonly folder: string;
  /** Bytes for each receiver; beyond it the oldest alerts give way. @defaultValue 16777216 */
  readonly maxBytes?: number;
}

/** @internal */
export const defaultLaneOptions: Readonly<Required<Omit<LaneOptions, "maxPerMinute">>> = {
  maxEntries: 1000,
  batchWaitMs: 0,
  maxRetries: 3,
  initialBackoffMs: 1000,
  maxBackoffMs: 30_000,
  sendTimeoutMs: 15_000,
  giveUpAfterMs: 3_600_000,
};
