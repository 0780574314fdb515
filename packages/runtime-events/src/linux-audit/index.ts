export type { AuditSourceOptions } from "./audit-source-options.ts";
export type { ReadAuditStatus } from "./audit-status.ts";
export { openAuditLogSource, type AuditLogSourceOptions } from "./open-audit-log-source.ts";
export { openAuditSocketSource, type AuditSocketSourceOptions } from "./open-audit-socket-source.ts";
export type { ProcessReader, ProcessState } from "./process-reader.ts";
