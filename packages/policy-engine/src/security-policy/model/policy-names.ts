/** Stages of a workload's life at which a policy is looked at. @public */
export const lifecycleStages = ["DEPLOY", "BUILD", "RUNTIME"] as const;
/** One of {@link lifecycleStages}. @public */
export type LifecycleStage = (typeof lifecycleStages)[number];

/** What a RUNTIME policy listens to; every other policy has NOT_APPLICABLE. @public */
export const eventSources = ["NOT_APPLICABLE", "DEPLOYMENT_EVENT", "AUDIT_LOG_EVENT", "NODE_EVENT"] as const;
/** One of {@link eventSources}. @public */
export type EventSource = (typeof eventSources)[number];

/** Severities, lowest first; UNSET_SEVERITY is understood and refused by validation. @public */
export const severities = [
  "UNSET_SEVERITY",
  "LOW_SEVERITY",
  "MEDIUM_SEVERITY",
  "HIGH_SEVERITY",
  "CRITICAL_SEVERITY",
] as const;
/** One of {@link severities}. @public */
export type Severity = (typeof severities)[number];

/** What may be done about a violation, beside telling about it. @public */
export const enforcementActions = [
  "UNSET_ENFORCEMENT",
  "SCALE_TO_ZERO_ENFORCEMENT",
  "UNSATISFIABLE_NODE_CONSTRAINT_ENFORCEMENT",
  "KILL_POD_ENFORCEMENT",
  "FAIL_BUILD_ENFORCEMENT",
  "FAIL_KUBE_REQUEST_ENFORCEMENT",
  "FAIL_DEPLOYMENT_CREATE_ENFORCEMENT",
  "FAIL_DEPLOYMENT_UPDATE_ENFORCEMENT",
] as const;
/** One of {@link enforcementActions}. @public */
export type EnforcementAction = (typeof enforcementActions)[number];

/** How the values of one group combine. @public */
export const booleanOperators = ["OR", "AND"] as const;
/** One of {@link booleanOperators}. @public */
export type BooleanOperator = (typeof booleanOperators)[number];

/** Kinds of containers that a policy can leave out. @public */
export const containerTypes = ["REGULAR", "INIT"] as const;
/** One of {@link containerTypes}. @public */
export type ContainerType = (typeof containerTypes)[number];

/** What the admission controller does about a violation; the annotation `kinglet.dev/mode` of a policy names one. @public */
export const policyModes = ["deny", "warn", "audit"] as const;
/** One of {@link policyModes}. @public */
export type PolicyMode = (typeof policyModes)[number];
