import type { CriterionName } from "../criteria/criterion-names.ts";
import type { PolicyMode } from "../model/policy-names.ts";
import type {
  PolicyExclusion,
  PolicyScope,
  PolicySection,
  ScopeLabel,
  SecurityPolicy,
} from "../model/security-policy.ts";
import type { StatedExclusion, StatedLabel, StatedPolicy, StatedScope, StatedSection } from "../model/stated-policy.ts";
import { enforcementStage } from "../validation/enforcement-stage.ts";

/** What the resource says beside its spec. @internal */
export interface PolicyIdentity {
  readonly id: string;
  readonly mode: PolicyMode | undefined;
}

/** Makes the policy of a spec that has no errors: every field there, actions without effect left out. @internal */
export function assemblePolicy(stated: StatedPolicy, { id, mode }: PolicyIdentity): SecurityPolicy {
  const lifecycleStages = [...new Set(present(stated.lifecycleStages))];
  return {
    id,
    name: (stated.policyName ?? "").trim(),
    description: stated.description ?? "",
    rationale: stated.rationale ?? "",
    remediation: stated.remediation ?? "",
    disabled: stated.disabled ?? false,
    categories: present(stated.categories),
    lifecycleStages,
    eventSource: stated.eventSource ?? "NOT_APPLICABLE",
    exclusions: present(stated.exclusions).map(exclusion),
    scope: present(stated.scope).map(scope),
    severity: stated.severity ?? "UNSET_SEVERITY",
    enforcementActions: present(stated.enforcementActions).filter((action) => {
      const stage = enforcementStage(action);
      return stage !== undefined && lifecycleStages.includes(stage);
    }),
    notifiers: present(stated.notifiers),
    sections: present(stated.policySections).map(section),
    mitreAttackVectors: present(stated.mitreAttackVectors).map((vector) => ({
      tactic: vector.tactic ?? "",
      techniques: present(vector.techniques),
    })),
    evaluationFilter: { skipContainerTypes: [...new Set(present(stated.evaluationFilter?.skipContainerTypes))] },
    mode,
  };
}

function section(stated: StatedSection): PolicySection {
  return {
    name: stated.sectionName ?? "",
    groups: present(stated.policyGroups).map((group) => ({
      fieldName: group.fieldName as CriterionName,
      booleanOperator: group.booleanOperator ?? "OR",
      negate: group.negate ?? false,
      values: present(group.values).map((one) => one.value ?? ""),
    })),
  };
}

function exclusion(stated: StatedExclusion): PolicyExclusion {
  const { deployment, image, expiration = "" } = stated;
  return {
    name: stated.name ?? "",
    deployment: deployment && { name: deployment.name ?? "", scope: deployment.scope && scope(deployment.scope) },
    image: image && { name: image.name ?? "" },
    expiration: expiration === "" ? undefined : expiration,
  };
}

function scope(stated: StatedScope): PolicyScope {
  return {
    cluster: stated.cluster ?? "",
    namespace: stated.namespace ?? "",
    label: label(stated.label),
    clusterLabel: label(stated.clusterLabel),
    namespaceLabel: label(stated.namespaceLabel),
  };
}

function label(stated: StatedLabel | undefined): ScopeLabel | undefined {
  return stated && { key: stated.key ?? "", value: stated.value ?? "" };
}

/** The items that are there; a document without errors has no others. */
function present<T>(items: readonly (T | undefined)[] | undefined): T[] {
  return (items ?? []).filter((item) => item !== undefined);
}
