import type * as BuiltinRules from "./rules/builtin-rules.ts";
import type * as RuleBooks from "./rule-books.ts";
import type * as RuleJudge from "./rule-judge.ts";

/** What judges events, with everything that it needs of the rules: a sensor without a container to judge does without. */
export const loadRuleJudge = (): Promise<typeof RuleJudge> => import("./rule-judge.ts");

/** The text of the rules that the sensor brings along. */
export const loadBuiltinRulePack = (): Promise<typeof BuiltinRules> => import("./rules/builtin-rules.ts");

/**
 * Rules and bindings of resources and files, and what rules see of the sources: wanted where there are such, or where somebody asks.
 *
 * @public
 */
export const loadRuleBooks = (): Promise<typeof RuleBooks> => import("./rule-books.ts");
