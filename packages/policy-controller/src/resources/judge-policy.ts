import type { ControlledObject } from "./controlled-resource.ts";
import { joinProblems, type Judgement } from "./resource-judgement.ts";
import { loadSecurityPolicies } from "../lazy.ts";

/**
 * Judges a SecurityPolicy: the whole of it, its patterns included. A warning does not keep it from being put in force.
 *
 * The engine is loaded with the first policy.
 */
export async function judgePolicy(object: ControlledObject): Promise<Judgement> {
  const { findCompileProblems, readSecurityPolicy } = await loadSecurityPolicies();
  const { policy, problems } = readSecurityPolicy(object);
  const lines = problems.map(({ path, message, value }) => sentence(path, message, value));
  if (policy === undefined) return { isValid: false, claimedName: undefined, message: joinProblems(lines) };
  const uncompiled = await findCompileProblems(policy);
  return {
    isValid: uncompiled.length === 0,
    claimedName: uncompiled.length === 0 ? policy.name : undefined,
    message: joinProblems([...lines, ...uncompiled.map(({ path, message }) => sentence(path, message, ""))]),
  };
}

function sentence(path: string, message: string, value: string): string {
  return `${path === "" ? "the resource" : path}: ${message}${value === "" ? "" : `, got ${value}`}`;
}
