import { lazy } from "@kinglet/lazy-schema";
import { loadRuleEngine } from "../lazy.ts";
import type { ControlledObject } from "./controlled-resource.ts";
import { joinProblems, type Judgement } from "./resource-judgement.ts";

/**
 * Makes the judge of Rules resources: every expression of every rule is checked against the types of the functions and event fields that rules may use.
 *
 * A resource with a broken rule is not put in force as a whole, as its author would not know which part of it runs. The CEL library is loaded with the first
 * resource.
 */
export function createRulesJudge(): (object: ControlledObject) => Promise<Judgement> {
  const engine = lazy(async () => {
    const { celFunctionDeclarations, loadCelEngine, readRules, RuleProgram } = await loadRuleEngine();
    const { createCelEngine } = await loadCelEngine();
    const functions = Object.fromEntries(Object.keys(celFunctionDeclarations).map((name) => [name, never]));
    return { cel: createCelEngine({ functions: functions }), readRules, RuleProgram };
  }, "rules engine");
  return async (object) => {
    const { cel, readRules, RuleProgram } = await engine();
    const { rules, problems } = readRules(object);
    const sentences = problems.map(({ path, message }) => `${path}: ${message}`);
    // Conditions that do not run here while others of their rule do are no reason to keep the resource out of force.
    const remarks: string[] = [];
    for (const rule of rules) {
      const program = new RuleProgram(cel, rule);
      const sentence = ({ path, message }: { readonly path: string; readonly message: string }): string =>
        `rule ${rule.id || JSON.stringify(rule.name)}: ${path}: ${message}`;
      sentences.push(...program.validate().map(sentence));
      remarks.push(...program.unfed.map(sentence));
    }
    const message = joinProblems([...sentences, ...remarks]);
    return { isValid: sentences.length === 0, claimedName: undefined, message };
  };
}

/** Expressions are checked here, never run. */
function never(): never {
  throw new TypeError("functions of rules are not called where rules are only checked");
}
