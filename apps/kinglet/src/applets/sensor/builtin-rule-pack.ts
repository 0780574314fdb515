import { builtinRules } from "@kinglet/detection";
import type { RuleDefinition } from "@kinglet/policy-engine";

/** The rules that the sensor brings along. @internal */
export function builtinRulePack(): readonly RuleDefinition[] {
  return builtinRules;
}
