import type { RuleDefinition } from "@kinglet/policy-engine";

import { misuseRules } from "./misuse-rules.ts";
import { profileRules } from "./profile-rules.ts";
import { techniqueRules } from "./technique-rules.ts";

/**
 * The rules that the sensor brings along, by id. `deploy/rules/default-rules.yaml` says the same.
 *
 * @internal Reached through {@link loadBuiltinRules}.
 */
export const builtinRules: readonly RuleDefinition[] = [...profileRules, ...techniqueRules, ...misuseRules];
