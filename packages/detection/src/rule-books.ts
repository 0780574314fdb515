/**
 * What a sensor needs once there are rules of others, or somebody asks what rules see. Everything behind one seam.
 *
 * @internal
 */
export { isAgentVersionCompatible } from "./agent-version.ts";
export { BindingBook } from "./binding-book.ts";
export { describeCoverage } from "./describe-coverage.ts";
export { parseRuleBinding } from "./read-rule-binding.ts";
export { RuleBook } from "./rule-book.ts";
