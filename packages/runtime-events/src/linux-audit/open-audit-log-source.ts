import { assertBetween } from "../assert-option.ts";
import { checkFollowedFile } from "../check-followed-file.ts";
import type { RuntimeEventSource } from "../runtime-event-source.ts";
import { AuditLogSource, type ResolvedLogOptions } from "./audit-log-source.ts";
import { resolveAuditOptions, type AuditSourceOptions } from "./audit-source-options.ts";

/** Settings of {@link openAuditLogSource}. @public */
export interface AuditLogSourceOptions extends AuditSourceOptions {
  /** auditd's log, e.g. `/var/log/audit/audit.log`. Need not exist yet. */
  readonly path: string;
  /** Where the position is kept; without it a restart begins as `startAt` says. */
  readonly checkpointPath?: string;
  /** Where to begin when there is no usable checkpoint: at the file's end, or with the oldest predecessor that was rotated away and is still there. */
  readonly startAt: "checkpoint-or-end" | "checkpoint-or-beginning";
  /** How often to look when the folder cannot be watched, milliseconds, 10 ... 3600000. @defaultValue 1000 */
  readonly pollIntervalMs?: number;
  /** Shortest time between two checkpoints that nobody asked for, milliseconds, 10 ... 3600000. @defaultValue 2000 */
  readonly checkpointIntervalMs?: number;
}

/**
 * Opens a reader of auditd's log, in its raw or its enriched format, with its rotated files.
 *
 * Reads the checkpoint and looks at the file; nothing is read or watched before `run`. A file that is not there yet is
 * waited for in `run`. A checkpoint that cannot be used is logged, counted and replaced.
 *
 * Which events there are is up to the audit rules; a call that failed is no event. Containers are found through `/proc`, at the time of
 * reading: of a process that has ended by then, through its parent.
 *
 * @throws KINGLET_ERR_RUNTIME_EVENTS_OPTION, KINGLET_ERR_RUNTIME_EVENTS_NOT_A_FILE, KINGLET_ERR_RUNTIME_EVENTS_UNREADABLE
 *
 * @public
 */
export async function openAuditLogSource(options: AuditLogSourceOptions): Promise<RuntimeEventSource> {
  const resolved: ResolvedLogOptions = {
    ...resolveAuditOptions(options),
    path: options.path,
    checkpointPath: options.checkpointPath,
    startAt: options.startAt,
    pollIntervalMs: assertBetween("pollIntervalMs", options.pollIntervalMs ?? 1000, 10, 3_600_000),
    checkpointIntervalMs: assertBetween("checkpointIntervalMs", options.checkpointIntervalMs ?? 2000, 10, 3_600_000),
  };
  return new AuditLogSource(resolved, await checkFollowedFile(resolved));
}
