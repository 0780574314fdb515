import { loadPatternEngine } from "../matching/lazy.ts";
import type { SecurityPolicy } from "../model/security-policy.ts";
import { compilePolicy, type CompileProblem } from "./compile-policy.ts";

/**
 * What keeps a policy from being evaluated: values that are no patterns, or patterns too large. For validation, where the policy is
 * not evaluated; loads the pattern engine only when the policy has a pattern that needs it. Keeps nothing.
 *
 * @public
 */
export async function findCompileProblems(policy: SecurityPolicy): Promise<readonly CompileProblem[]> {
  const options = { exactNames: true, requireEach: true };
  const plain = compilePolicy(policy, options, undefined);
  if (!plain.needsEngine) return plain.problems;
  return compilePolicy(policy, options, await loadPatternEngine()).problems;
}
