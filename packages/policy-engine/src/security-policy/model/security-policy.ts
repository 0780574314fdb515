import type { CriterionName } from "../criteria/criterion-names.ts";
import type { BooleanOperator, ContainerType, EnforcementAction } from "./policy-names.ts";
import type { EventSource, LifecycleStage, PolicyMode, Severity } from "./policy-names.ts";

/**
 * A policy as the engine keeps it: plain data, JSON-serialisable, every field present. It comes from a SecurityPolicy resource
 * (`config.stackrox.io/v1alpha1`) through {@link readSecurityPolicy}; names are those of that API.
 *
 * A policy is violated when one of its sections is. Treat it as frozen: matchers are kept per object identity.
 *
 * @public
 */
export interface SecurityPolicy {
  /** Stable identity in alerts: `status.policyId`, else `metadata.uid`, else `namespace/name` of the resource. */
  readonly id: string;
  /** `spec.policyName`: what people see. */
  readonly name: string;
  readonly description: string;
  readonly rationale: string;
  readonly remediation: string;
  readonly disabled: boolean;
  /** At least one, without duplicates. */
  readonly categories: readonly string[];
  /** At least one, without duplicates. */
  readonly lifecycleStages: readonly LifecycleStage[];
  /** NOT_APPLICABLE unless the policy is a RUNTIME policy. */
  readonly eventSource: EventSource;
  readonly exclusions: readonly PolicyExclusion[];
  /** Where the policy holds: any of these; none means everywhere. */
  readonly scope: readonly PolicyScope[];
  readonly severity: Severity;
  readonly enforcementActions: readonly EnforcementAction[];
  /** Ids or names of notifiers, as written. */
  readonly notifiers: readonly string[];
  /** At least one; a violated section is a violated policy. */
  readonly sections: readonly PolicySection[];
  readonly mitreAttackVectors: readonly MitreAttackVector[];
  readonly evaluationFilter: EvaluationFilter;
  /** The annotation `kinglet.dev/mode`: overrides what the enforcement actions say to the admission controller. */
  readonly mode: PolicyMode | undefined;
}

/** Groups that must all match the same element (the same container, the same vulnerability of the same component). @public */
export interface PolicySection {
  /** May be empty. */
  readonly name: string;
  /** At least one; no criterion twice. */
  readonly groups: readonly PolicyGroup[];
}

/** One criterion with its values. @public */
export interface PolicyGroup {
  readonly fieldName: CriterionName;
  readonly booleanOperator: BooleanOperator;
  readonly negate: boolean;
  /** At least one; each matches the grammar of the criterion. */
  readonly values: readonly string[];
}

/** What a policy does not apply to; ignored once `expiration` has passed. @public */
export interface PolicyExclusion {
  readonly name: string;
  readonly deployment: ExcludedDeployment | undefined;
  readonly image: ExcludedImage | undefined;
  /** RFC 3339 time after which the exclusion is void; undefined means never. */
  readonly expiration: string | undefined;
}

/** Workloads by name and scope; at least one of both is there. @public */
export interface ExcludedDeployment {
  /** Whole-string pattern, case-insensitive; empty means any. */
  readonly name: string;
  readonly scope: PolicyScope | undefined;
}

/** Images by the beginning of their full name; only for BUILD. @public */
export interface ExcludedImage {
  readonly name: string;
}

/** All fields that are set must match; empty or undefined means any. @public */
export interface PolicyScope {
  /** Exact id or name of a cluster. */
  readonly cluster: string;
  /** Whole-string pattern. */
  readonly namespace: string;
  /** Label of the workload. */
  readonly label: ScopeLabel | undefined;
  readonly clusterLabel: ScopeLabel | undefined;
  readonly namespaceLabel: ScopeLabel | undefined;
}

/** Key and value are whole-string patterns; an empty one means any. @public */
export interface ScopeLabel {
  readonly key: string;
  readonly value: string;
}

/** A tactic of MITRE ATT&CK with techniques, by id; shown in alerts. @public */
export interface MitreAttackVector {
  readonly tactic: string;
  readonly techniques: readonly string[];
}

/** What evaluation leaves out. @public */
export interface EvaluationFilter {
  readonly skipContainerTypes: readonly ContainerType[];
}
