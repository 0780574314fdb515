import { assertBetween } from "../assert-option.ts";
import { checkFollowedFile } from "../check-followed-file.ts";
import { AuditLogReader } from "./audit-log-reader.ts";
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
  const settings = { ...options, checkpointPath, maxLineBytes, pollIntervalMs, checkpointIntervalMs };
  return new AuditLogReader(settings, await checkFollowedFile(settings));
}
