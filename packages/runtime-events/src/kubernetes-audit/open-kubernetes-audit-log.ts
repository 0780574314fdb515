import { createError, hasCode } from "@kinglet/errors";
import { readCheckpoint, type Checkpoint } from "../checkpoint.ts";
import { runtimeEventsErrors } from "../errors.ts";
import { openExportFile } from "../export-file.ts";
import { checkpoints } from "../metrics.ts";
import { AuditLogReader, type AuditLogSettings } from "./audit-log-reader.ts";
import type { KubernetesAuditLog, KubernetesAuditLogOptions } from "./kubernetes-audit-log.ts";

/**
 * Opens a reader of an API server's audit log, for clusters whose API servers cannot post to a webhook. For a sensor of cluster scope that runs beside the
 * API server; with several API servers each has a log of its own.
 *
 * Follows rotation by renaming (`audit-TIME.log`, `.gz` too) and goes on after a restart where it stopped, as long as the file or its backups are still
 * there; otherwise `health().blindIntervals` says so. A file that is not there yet is waited for. Memory: one line, at most `maxLineBytes`.
 *
 * @throws KINGLET_ERR_RUNTIME_EVENTS_OPTION, KINGLET_ERR_RUNTIME_EVENTS_NOT_A_FILE, KINGLET_ERR_RUNTIME_EVENTS_UNREADABLE
 *
 * @public
 */
export async function openKubernetesAuditLog(options: KubernetesAuditLogOptions): Promise<KubernetesAuditLog> {
  const { checkpointPath, maxLineBytes = 8_388_608, pollIntervalMs = 1000, checkpointIntervalMs = 2000 } = options;
  assertBetween("maxLineBytes", maxLineBytes, 1024, 67_108_864);
  assertBetween("pollIntervalMs", pollIntervalMs, 10, 3_600_000);
  assertBetween("checkpointIntervalMs", checkpointIntervalMs, 10, 3_600_000);
  if (options.path === "") throw optionError("path", '""', "a path");
  const settings = { ...options, checkpointPath, maxLineBytes, pollIntervalMs, checkpointIntervalMs };
  // Better now than in the middle of a start: opened only to see that it can be.
  const file = await openExportFile(settings.path, 0);
  await file?.close();
  return new AuditLogReader(settings, await readUsableCheckpoint(settings));
}

async function readUsableCheckpoint(settings: AuditLogSettings): Promise<Checkpoint | undefined> {
  if (settings.checkpointPath === undefined) return undefined;
  try {
    return await readCheckpoint(settings.checkpointPath);
  } catch (error) {
    if (!hasCode(error, "KINGLET_ERR_RUNTIME_EVENTS_CHECKPOINT_CORRUPT")) throw error;
    settings.logger.warn(error.message, { code: error.code });
    settings.metrics.counter(checkpoints).add(1, { outcome: "corrupt" });
    return undefined;
  }
}

function assertBetween(option: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) throw optionError(option, value, `${min} ... ${max}`);
}

function optionError(option: string, value: unknown, range: string): Error {
  return createError(runtimeEventsErrors, "KINGLET_ERR_RUNTIME_EVENTS_OPTION", { option, value, range });
}
