import { prefilterProblems } from "./prefilter.ts";
import type { RuleDefinition } from "./rule-definition.ts";
import type { RuleProblem } from "./rule-problem.ts";

const profileSurface = /^(opens|execs|capabilities|syscalls|endpoints|(egress|ingress)(Domains|Addresses))$/;
const patternKind = /^(exact|prefix|suffix|contains)$/;

/**
 * What is wrong with a rule outside its expressions.
 *
 * @internal
 */
export function ruleShapeProblems(rule: RuleDefinition): RuleProblem[] {
  const problems: RuleProblem[] = [];
  const add = (path: string, message: string): void => {
    problems.push({ code: "KINGLET_ERR_POLICY_ENGINE_INVALID_RULE", path, message });
  };
  if (rule.id === "") add("id", "must not be empty");
  if (rule.name === "") add("name", "must not be empty");
  if (!Number.isInteger(rule.severity) || rule.severity < 1 || rule.severity > 10) {
    add("severity", `must be a whole number 1 ... 10, got ${rule.severity}`);
  }
  if (![0, 1, 2].includes(rule.profileDependency)) {
    add(
      "profileDependency",
      `must be 0 (required), 1 (optional) or 2 (not required), got ${String(rule.profileDependency)}`,
    );
  }
  for (const [surface, wanted] of Object.entries<unknown>(rule.profileDataRequired ?? {})) {
    const path = `profileDataRequired.${surface}`;
    if (!profileSurface.test(surface)) add(path, "is no surface of a profile");
    else if (wanted !== "all" && !isPatternList(wanted)) {
      add(path, 'must be "all" or a list of {exact}, {prefix}, {suffix} or {contains} with a text');
    }
  }
  if (rule.expressions.ruleExpression.length === 0) add("expressions.ruleExpression", "must have at least one entry");
  for (const { key, message } of prefilterProblems(rule.state ?? {})) add(`state.${key}`, message);
  return problems;
}

function isPatternList(wanted: unknown): boolean {
  return Array.isArray(wanted) && wanted.length > 0 && wanted.every(isPattern);
}

function isPattern(pattern: unknown): boolean {
  const [[kind, text] = [], ...others] = Object.entries<unknown>(Object(pattern));
  return others.length === 0 && patternKind.test(kind ?? "") && typeof text === "string";
}
