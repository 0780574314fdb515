export type { AuditStage, KubernetesAuditEvent } from "./audit-event.ts";
export { AuditIntake, type AuditIntakeOptions } from "./audit-intake.ts";
export { createKubernetesAuditRoute } from "./create-kubernetes-audit-route.ts";
export type { KubernetesAuditLog, KubernetesAuditLogOptions } from "./kubernetes-audit-log.ts";
export { openKubernetesAuditLog } from "./open-kubernetes-audit-log.ts";
