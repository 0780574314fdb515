import { createError } from "@kinglet/errors";
import { runtimeEventsErrors } from "../errors.ts";
import type { RuntimeEventSource } from "../runtime-event-source.ts";
import { AuditSocketSource } from "./audit-socket-source.ts";
import { assertBetween } from "../assert-option.ts";
import { resolveAuditOptions, type AuditSourceOptions } from "./audit-source-options.ts";

/** Settings of {@link openAuditSocketSource}. @public */
export interface AuditSocketSourceOptions extends AuditSourceOptions {
  /** Socket of auditd's `af_unix` plugin (`format = string`), e.g. `/var/run/audispd_events`. Need not exist yet. */
  readonly path: string;
  /** Events that wait for a slow consumer, 16 ... 1048576; with more, other kinds give way to executions. @defaultValue 4096 */
  readonly maxQueued?: number;
}

/**
 * Makes a reader of auditd's `af_unix` plugin. Nothing is opened before `run`, which connects, and connects again after a loss: at once when the
 * socket appears, else after 1 second, doubled up to 30, less up to a half.
 *
 * Faster than the log, but without memory: times without a connection are in `health().blindIntervals`. The socket is always read, because auditd
 * drops what its reader does not take; what the consumer cannot take is dropped here, and counted.
 *
 * @throws KINGLET_ERR_RUNTIME_EVENTS_OPTION
 *
 * @public
 */
export async function openAuditSocketSource(options: AuditSocketSourceOptions): Promise<RuntimeEventSource> {
  if (options.path === "") {
    const details = { option: "path", value: '""', range: "a path" };
    throw createError(runtimeEventsErrors, "KINGLET_ERR_RUNTIME_EVENTS_OPTION", details);
  }
  const resolved = {
    ...resolveAuditOptions(options),
    path: options.path,
    maxQueued: assertBetween("maxQueued", options.maxQueued ?? 4096, 16, 1_048_576),
  };
  return new AuditSocketSource(resolved);
}
