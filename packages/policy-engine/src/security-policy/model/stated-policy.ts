import type { BooleanOperator, ContainerType, EnforcementAction } from "./policy-names.ts";
import type { EventSource, LifecycleStage, Severity } from "./policy-names.ts";

/**
 * The `spec` of a resource as far as its shape is right: what is wrong or absent is undefined, so that rules can go on with the
 * rest and positions in lists stay those of the document.
 *
 * @internal
 */
export interface StatedPolicy {
  readonly policyName?: string;
  readonly description?: string;
  readonly rationale?: string;
  readonly remediation?: string;
  readonly disabled?: boolean;
  readonly categories?: readonly (string | undefined)[];
  readonly lifecycleStages?: readonly (LifecycleStage | undefined)[];
  readonly eventSource?: EventSource;
  readonly exclusions?: readonly (StatedExclusion | undefined)[];
  readonly scope?: readonly (StatedScope | undefined)[];
  readonly severity?: Severity;
  readonly enforcementActions?: readonly (EnforcementAction | undefined)[];
  readonly notifiers?: readonly (string | undefined)[];
  readonly policySections?: readonly (StatedSection | undefined)[];
  readonly mitreAttackVectors?: readonly (
    | { tactic?: string; techniques?: readonly (string | undefined)[] }
    | undefined
  )[];
  readonly evaluationFilter?: { readonly skipContainerTypes?: readonly (ContainerType | undefined)[] };
}

/** @internal */
export interface StatedSection {
  readonly sectionName?: string;
  readonly policyGroups?: readonly (StatedGroup | undefined)[];
}

/** @internal */
export interface StatedGroup {
  readonly fieldName?: string;
  readonly booleanOperator?: BooleanOperator;
  readonly negate?: boolean;
  readonly values?: readonly ({ readonly value?: string } | undefined)[];
}

/** @internal */
export interface StatedExclusion {
  readonly name?: string;
  readonly deployment?: { readonly name?: string; readonly scope?: StatedScope };
  readonly image?: { readonly name?: string };
  readonly expiration?: string;
}

/** @internal */
export interface StatedScope {
  readonly cluster?: string;
  readonly namespace?: string;
  readonly label?: StatedLabel;
  readonly clusterLabel?: StatedLabel;
  readonly namespaceLabel?: StatedLabel;
}

/** @internal */
export interface StatedLabel {
  readonly key?: string;
  readonly value?: string;
}
