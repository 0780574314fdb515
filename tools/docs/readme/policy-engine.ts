import { loadBuiltinRules } from "@kinglet/detection";
import type { RuleDefinition } from "@kinglet/policy-engine";

export const rule: RuleDefinition = await firstRule();

async function firstRule(): Promise<RuleDefinition> {
  const [rule] = await loadBuiltinRules();
  if (rule === undefined) throw new Error("no rule");
  return rule;
}
