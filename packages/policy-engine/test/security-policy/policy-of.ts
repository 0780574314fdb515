import type { PolicyGroup, PolicySection, SecurityPolicy } from "../../src/security-policy/index.ts";

/** A group of a policy; OR, not negated, unless it says otherwise. */
export function groupOf(
  fieldName: PolicyGroup["fieldName"],
  values: string | readonly string[],
  more: Partial<PolicyGroup> = {},
): PolicyGroup {
  return {
    fieldName,
    booleanOperator: "OR",
    negate: false,
    values: typeof values === "string" ? [values] : values,
    ...more,
  };
}

/** A policy in force at deploy time, with one section of these groups. */
export function policyOf(groups: readonly PolicyGroup[], more: Partial<SecurityPolicy> = {}): SecurityPolicy {
  return policyOfSections([{ name: "", groups }], more);
}

/** A policy in force at deploy time. */
export function policyOfSections(
  sections: readonly PolicySection[],
  more: Partial<SecurityPolicy> = {},
): SecurityPolicy {
  return {
    id: "policy-1",
    name: "Policy one",
    description: "",
    rationale: "",
    remediation: "",
    disabled: false,
    categories: ["Test"],
    lifecycleStages: ["DEPLOY"],
    eventSource: "NOT_APPLICABLE",
    exclusions: [],
    scope: [],
    severity: "LOW_SEVERITY",
    enforcementActions: [],
    notifiers: [],
    sections,
    mitreAttackVectors: [],
    evaluationFilter: { skipContainerTypes: [] },
    mode: undefined,
    ...more,
  };
}
