import type * as AuditLog from "./audit-log.ts";

/** The audit log: only for a simulator that is opened with one. */
export const loadAuditLog = (): Promise<typeof AuditLog> => import("./audit-log.ts");
