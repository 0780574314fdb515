import type * as RunAuditctl from "./run-auditctl.ts";

/** Starting programs: only where the losses are asked for instead of estimated. */
export const loadRunAuditctl = (): Promise<typeof RunAuditctl> => import("./run-auditctl.ts");
