import type { RuleDefinition, RuleEventType } from "@kinglet/policy-engine";

/** A rule that needs no profile and has one condition. */
export function ruleOf(
  id: string,
  changes: Partial<RuleDefinition> = {},
  condition: [RuleEventType, string] = ["exec", "true"],
): RuleDefinition {
  const [eventType, expression] = condition;
  return {
    enabled: true,
    id,
    name: `rule ${id}`,
    description: "",
    expressions: { message: "'text'", uniqueId: "'id'", ruleExpression: [{ eventType, expression }] },
    profileDependency: 2,
    severity: 3,
    supportPolicy: false,
    isTriggerAlert: false,
    mitreTactic: "",
    mitreTechnique: "",
    tags: [],
    ...changes,
  };
}
