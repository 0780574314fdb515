import type { LifecycleStage } from "../model/policy-names.ts";
import type { SecurityPolicy } from "../model/security-policy.ts";
import type { CompiledSection } from "./compiled-section.ts";
import type { Evaluation } from "./evaluation.ts";
import type { ExclusionTest } from "./exclusion-test.ts";
import type { PolicyVerdict } from "./policy-verdict.ts";
import type { ScopeTest } from "./scope-test.ts";
import { isFalse, isTrue, isUnknown, type Truth } from "./truth.ts";
import { ViolationList } from "./violation-list.ts";

/** The tests of one policy. Holds the policy only through the verdicts it gives, not the other way round. @internal */
export class CompiledPolicy {
  readonly #sections: readonly CompiledSection[];
  readonly #scope: readonly ScopeTest[];
  readonly #exclusions: readonly ExclusionTest[];
  /** One object for every subject that passes: the common verdict allocates nothing. */
  readonly #passed: PolicyVerdict;

  constructor(
    policy: SecurityPolicy,
    sections: readonly CompiledSection[],
    scope: readonly ScopeTest[],
    exclusions: readonly ExclusionTest[],
  ) {
    this.#sections = sections;
    this.#scope = scope;
    this.#exclusions = exclusions;
    this.#passed = verdictOf(policy, "passed");
  }

  /** @returns undefined when the policy does not apply to the subject. */
  evaluate(evaluation: Evaluation, stage: LifecycleStage): PolicyVerdict | undefined {
    const { policy } = this.#passed;
    evaluation.missing = 0;
    evaluation.skipped = policy.evaluationFilter.skipContainerTypes;
    const inScope = this.#scope.length === 0 ? isTrue : anyOf(this.#scope, evaluation);
    if (inScope === isFalse) return undefined;
    const ofScope = evaluation.missing;
    const isExcluded = this.#testExclusions(evaluation, stage);
    if (isExcluded === isTrue) return verdictOf(policy, "excluded");
    const ofExclusions = isExcluded === isUnknown ? evaluation.missing : ofScope;
    evaluation.missing = 0;
    const truth = this.#testSections(evaluation);
    // What has no violation has none, whether or not the policy applies.
    if (truth === isFalse) return this.#passed;
    if (truth === isTrue && inScope === isTrue && isExcluded === isFalse) return this.#violated(evaluation);
    evaluation.missing |= ofExclusions;
    return { ...this.#passed, outcome: "notEvaluated", missing: evaluation.missingNames() };
  }

  #testSections(evaluation: Evaluation): Truth {
    let best: Truth = isFalse;
    for (let index = 0; index < this.#sections.length; index++) {
      const truth = (this.#sections[index] as CompiledSection).test(evaluation);
      if (truth === isTrue) return isTrue;
      if (truth > best) best = truth;
    }
    return best;
  }

  #testExclusions(evaluation: Evaluation, stage: LifecycleStage): Truth {
    let best: Truth = isFalse;
    for (let index = 0; index < this.#exclusions.length; index++) {
      const truth = (this.#exclusions[index] as ExclusionTest).test(evaluation, stage);
      if (truth === isTrue) return isTrue;
      if (truth > best) best = truth;
    }
    return best;
  }

  #violated(evaluation: Evaluation): PolicyVerdict {
    const violations = new ViolationList();
    for (const section of this.#sections) {
      if (section.test(evaluation) === isTrue) section.collect(evaluation, violations);
    }
    return { ...this.#passed, outcome: "violated", violations: violations.toArray() };
  }
}

/** One list for all verdicts that hold none. */
const none: readonly never[] = [];

/** @internal */
export function verdictOf(policy: SecurityPolicy, outcome: PolicyVerdict["outcome"]): PolicyVerdict {
  return { policy, outcome, violations: none, missing: none, problem: undefined };
}

function anyOf(scopes: readonly ScopeTest[], evaluation: Evaluation): Truth {
  let best: Truth = isFalse;
  for (let index = 0; index < scopes.length; index++) {
    const truth = (scopes[index] as ScopeTest).test(evaluation);
    if (truth === isTrue) {
      evaluation.missing = 0;
      return isTrue;
    }
    if (truth > best) best = truth;
  }
  return best;
}
