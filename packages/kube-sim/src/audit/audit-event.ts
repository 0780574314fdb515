import type { AuditLevel, AuditStage } from "./audit-policy.ts";

/**
 * Somebody, as events name him; empty parts are left out, all of them when nobody could be made out.
 *
 * @public
 */
export interface AuditUser {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/**
 * One event of `audit.k8s.io/v1`, its members in the order of the real server's.
 *
 * @public
 */
export interface AuditEvent {
  readonly kind: "Event";
  readonly apiVersion: "audit.k8s.io/v1";
  readonly level: AuditLevel;
  /** The same for all events of one request; the client gets it as `Audit-Id`. */
  readonly auditID: string;
  readonly stage: AuditStage;
  readonly requestURI: string;
  readonly verb: string;
  readonly user: AuditUser;
  readonly impersonatedUser?: AuditUser;
  readonly authenticationMetadata?: { readonly impersonationConstraint: string };
  readonly sourceIPs: readonly string[];
  readonly userAgent?: string;
  readonly objectRef?: Readonly<Record<string, string>>;
  readonly responseStatus?: Readonly<Record<string, unknown>>;
  /** As sent, with defaults; for a patch the patch. */
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
  /** RFC 3339, microseconds, by the simulator's clock. */
  readonly requestReceivedTimestamp: string;
  /** The same for the stage. */
  readonly stageTimestamp: string;
  readonly annotations?: Readonly<Record<string, string>>;
}
