import { builtinRules } from "@kinglet/detection";
import type { RuleDefinition } from "@kinglet/policy-engine";

export const rule: RuleDefinition = firstRule();

function firstRule(): RuleDefinition {
  const [rule] = builtinRules;
  if (rule === undefined) throw new Error("no rule");
  return rule;
}
