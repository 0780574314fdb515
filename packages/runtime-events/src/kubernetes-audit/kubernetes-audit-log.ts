import type { Finding } from "@kinglet/enrichment";
import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { SourceHealth } from "../source-health.ts";
import type { AuditIntake } from "./audit-intake.ts";

/** Settings of {@link openKubernetesAuditLog}. @public */
export interface KubernetesAuditLogOptions {
  /** The file of `--audit-log-path`, in the format `json`. Need not exist yet. */
  readonly path: string;
  /** Where the position is kept; without it a restart begins as `startAt` says. */
  readonly checkpointPath?: string;
  /** Where to begin when there is no usable checkpoint: at the file's end, or with the oldest predecessor that was rotated away and is still there. */
  readonly startAt: "checkpoint-or-end" | "checkpoint-or-beginning";
  /** One for all ways in which events come, so that they are told apart. */
  readonly intake: AuditIntake;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Longer lines are passed over and counted, bytes, 1 KiB ... 64 MiB. @defaultValue 8388608 */
  readonly maxLineBytes?: number;
  /** How often to look when the folder cannot be watched, milliseconds, 10 ... 3600000. @defaultValue 1000 */
  readonly pollIntervalMs?: number;
  /** Shortest time between two checkpoints, milliseconds, 10 ... 3600000. @defaultValue 2000 */
  readonly checkpointIntervalMs?: number;
}

/** A running reader of one API server's audit log. @public */
export interface KubernetesAuditLog extends AsyncDisposable {
  /**
   * Reads until the signal fires; then returns normally. Findings come in file order; while a promise of `deliver` is pending nothing
   * further is read, and a restart begins at the first line whose finding was not delivered.
   *
   * @throws whatever `deliver` throws, and what makes the file unreadable.
   */
  run(options: {
    readonly signal: AbortSignal;
    readonly deliver: (finding: Finding) => void | Promise<void>;
  }): Promise<void>;
  health(): SourceHealth;
}
