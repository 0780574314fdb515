export type { AuditStage, KubernetesAuditEvent } from "./audit-event.ts";
export { AuditIntake, type AuditIntakeOptions } from "./audit-intake.ts";
export { createKubernetesAuditRoute } from "./create-kubernetes-audit-route.ts";
