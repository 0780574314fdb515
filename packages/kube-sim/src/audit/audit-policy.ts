/**
 * How much of a request is recorded: nothing, who asked for what, also what was sent, also what was answered.
 *
 * @public
 */
export type AuditLevel = "None" | "Metadata" | "Request" | "RequestResponse";

/**
 * When an event is written: on arrival, at the head of an answer that lasts (watches, logs, exec), at the end.
 *
 * @public
 */
export type AuditStage = "RequestReceived" | "ResponseStarted" | "ResponseComplete";

/**
 * One rule of a policy. All parts that are given and not empty must match.
 *
 * @public
 */
export interface AuditPolicyRule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  /** `resources`: `pods`, `pods/log`, `pods/*`, `*\/scale`, `*`; none means all of the group. */
  readonly resources?: readonly {
    readonly group?: string;
    readonly resources?: readonly string[];
    readonly resourceNames?: readonly string[];
  }[];
  /** "" for what is in no namespace. */
  readonly namespaces?: readonly string[];
  /** Paths outside the resources: `/healthz*`, `*`. */
  readonly nonResourceURLs?: readonly string[];
  readonly omitStages?: readonly (AuditStage | "Panic")[];
  /** Takes the place of the policy's. */
  readonly omitManagedFields?: boolean;
}

/**
 * A policy as `kube-apiserver --audit-policy-file` reads it. The first rule that matches decides; without one nothing is recorded.
 *
 * @public
 * @see https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/
 */
export interface AuditPolicy {
  readonly apiVersion: "audit.k8s.io/v1";
  readonly kind: "Policy";
  readonly rules: readonly AuditPolicyRule[];
  readonly omitStages?: readonly (AuditStage | "Panic")[];
  /** Leaves `managedFields` out of recorded bodies. @defaultValue false */
  readonly omitManagedFields?: boolean;
}
