import type { RuleDefinition } from "@kinglet/policy-engine";

import { loadBuiltinRulePack } from "./lazy.ts";

/**
 * Loads the rules that the sensor brings along; until the first call their text costs nothing.
 *
 * @returns every one of them, by id; some are not enabled, see docs/rules.md.
 * @public
 */
export async function loadBuiltinRules(): Promise<readonly RuleDefinition[]> {
  const { builtinRules } = await loadBuiltinRulePack();
  return builtinRules;
}
