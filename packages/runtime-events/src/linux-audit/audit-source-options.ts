import { existsSync } from "node:fs";
import type { RuntimeEventKind } from "@kinglet/enrichment";
import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import { assertBetween, optionError } from "../assert-option.ts";
import type { ReadAuditStatus } from "./audit-status.ts";
import { loadRunAuditctl } from "./lazy.ts";
import { createProcessReader, type ProcessReader } from "./process-reader.ts";

/** What both sources of audit records are told. @public */
export interface AuditSourceOptions {
  /** For records without a node's name, which is what auditd writes unless told otherwise. @defaultValue "" */
  readonly nodeName?: string;
  /**
   * The kinds to deliver; others are counted only.
   *
   * @defaultValue all kinds
   */
  readonly kinds?: readonly RuntimeEventKind[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Where the node's `/proc` is mounted; its processes must be those of the node. @defaultValue "/proc" */
  readonly procRoot?: string;
  /** Looks at processes instead of `procRoot`. */
  readonly processes?: ProcessReader;
  /** Path of `auditctl`, which is then asked for losses once a minute. @defaultValue losses are estimated from serial numbers */
  readonly auditctl?: string;
  /** Asks for losses instead of running `auditctl`. */
  readonly readStatus?: ReadAuditStatus;
  /** Longer lines are skipped and counted, bytes, 1 KiB ... 1 MiB. @defaultValue 65536 */
  readonly maxLineBytes?: number;
  /** Processes whose container is remembered, 16 ... 1048576, about 300 bytes each. @defaultValue 16384 */
  readonly maxProcesses?: number;
  /** Events that are joined at the same time, 1 ... 65536. @defaultValue 512 */
  readonly maxJoining?: number;
  /** Longer argument vectors are cut, which the event says, bytes, 256 ... 16 MiB. @defaultValue 131072 */
  readonly maxArgumentBytes?: number;
  /** An event without further records is whole after this, milliseconds, 10 ... 60000. @defaultValue 200 */
  readonly joinIdleMs?: number;
}

/** Checked settings with every default filled in. @internal */
export interface ResolvedAuditOptions {
  readonly nodeName: string;
  readonly kinds: ReadonlySet<RuntimeEventKind> | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly processes: ProcessReader;
  readonly readStatus: ReadAuditStatus | undefined;
  readonly maxLineBytes: number;
  readonly maxProcesses: number;
  readonly maxJoining: number;
  readonly maxArgumentBytes: number;
  readonly joinIdleMs: number;
}

/** @throws KINGLET_ERR_RUNTIME_EVENTS_OPTION @internal */
export function resolveAuditOptions(options: AuditSourceOptions): ResolvedAuditOptions {
  const { clock, logger, metrics, auditctl, kinds, procRoot = "/proc" } = options;
  // Without it no process is found in a container, and everything would count as the node's own.
  if (options.processes === undefined && !existsSync(`${procRoot}/uptime`)) {
    throw optionError("procRoot", procRoot, "a folder with the node's /proc");
  }
  const runAuditctl: ReadAuditStatus | undefined =
    auditctl === undefined ? undefined : async (status) => (await loadRunAuditctl()).runAuditctl(auditctl, status);
  return {
    nodeName: options.nodeName ?? "",
    kinds: kinds === undefined ? undefined : new Set(kinds),
    clock,
    logger,
    metrics,
    processes: options.processes ?? createProcessReader(procRoot, () => clock.now()),
    readStatus: options.readStatus ?? runAuditctl,
    maxLineBytes: assertBetween("maxLineBytes", options.maxLineBytes ?? 65_536, 1024, 1_048_576),
    maxProcesses: assertBetween("maxProcesses", options.maxProcesses ?? 16_384, 16, 1_048_576),
    maxJoining: assertBetween("maxJoining", options.maxJoining ?? 512, 1, 65_536),
    maxArgumentBytes: assertBetween("maxArgumentBytes", options.maxArgumentBytes ?? 131_072, 256, 16_777_216),
    joinIdleMs: assertBetween("joinIdleMs", options.joinIdleMs ?? 200, 10, 60_000),
  };
}
