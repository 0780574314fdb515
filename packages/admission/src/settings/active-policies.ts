import type {
  CriterionNeed,
  EvaluationSubject,
  PolicyVerdict,
  RuntimePolicyEvent,
  SecurityPolicy,
} from "@kinglet/policy-engine/security-policy";

/** How long evaluation goes on before other requests get a turn, milliseconds. */
const sliceMs = 5;

/** What an event is evaluated with: the workload may be unknown. @public */
export type RuntimeSubject = Partial<EvaluationSubject> & { readonly event: RuntimePolicyEvent };

/** @public */
export interface EvaluationChoice {
  /** Only these policies; all when absent. */
  readonly only?: ReadonlySet<SecurityPolicy>;
}

/** @public */
export interface EvaluationPace extends EvaluationChoice {
  /** A policy may take long over this object: others get a turn after each, not after each group. @defaultValue false */
  readonly isLarge?: boolean;
  /** Asked after each slice; true ends the evaluation. */
  readonly isOver?: () => boolean;
}

/**
 * Port: policies that are compiled on first use. A `PolicySet` of the policy engine is one.
 *
 * @public
 */
export interface PolicyEvaluator {
  /** Sorted by policy id; no verdict for a policy that is disabled, of another stage or out of scope. */
  evaluateDeploy(subject: EvaluationSubject, choice?: EvaluationChoice): readonly PolicyVerdict[];
  evaluateRuntime(subject: RuntimeSubject, choice?: EvaluationChoice): readonly PolicyVerdict[];
  /** What the policies need beyond the object. */
  needs(): ReadonlySet<CriterionNeed>;
}

/** Policies that are evaluated without a pause; small enough to take no longer than a slice. @public */
export interface PolicyGroupInForce {
  readonly policies: readonly SecurityPolicy[];
  readonly evaluator: PolicyEvaluator;
}

/**
 * The policies that are in force at one moment: never changed, a new bundle makes new ones.
 *
 * @public
 */
export class ActivePolicies {
  /** Identity of the bundle, 64 hexadecimal digits. */
  readonly sha256: string;
  readonly groups: readonly PolicyGroupInForce[];
  readonly #monotonicMs: () => number;

  constructor(sha256: string, groups: readonly PolicyGroupInForce[], monotonicMs: () => number) {
    this.sha256 = sha256;
    this.groups = groups;
    this.#monotonicMs = monotonicMs;
  }

  /** How many policies there are, disabled ones included. */
  get size(): number {
    return this.groups.reduce((sum, { policies }) => sum + policies.length, 0);
  }

  /** What the policies need beyond the object. */
  needs(): ReadonlySet<CriterionNeed> {
    return new Set(this.groups.flatMap(({ evaluator }) => Array.from(evaluator.needs())));
  }

  /**
   * Sorted by policy id. Resolves at once unless it takes longer than a slice.
   *
   * @throws an Error when the time is over before the last slice.
   */
  evaluateDeploy(subject: EvaluationSubject, pace: EvaluationPace = {}): Promise<readonly PolicyVerdict[]> {
    return this.#evaluate((evaluator, choice) => evaluator.evaluateDeploy(subject, choice), pace);
  }

  /** As {@link evaluateDeploy}, for something that happened. */
  evaluateRuntime(subject: RuntimeSubject, pace: EvaluationPace = {}): Promise<readonly PolicyVerdict[]> {
    return this.#evaluate((evaluator, choice) => evaluator.evaluateRuntime(subject, choice), pace);
  }

  async #evaluate(
    ask: (evaluator: PolicyEvaluator, choice: EvaluationChoice) => readonly PolicyVerdict[],
    pace: EvaluationPace,
  ): Promise<readonly PolicyVerdict[]> {
    const [first] = this.groups;
    if (first === undefined) return [];
    if (this.groups.length === 1 && pace.isLarge !== true) return ask(first.evaluator, pace);
    const verdicts: PolicyVerdict[] = [];
    let sliceEndMs = this.#monotonicMs() + sliceMs;
    for (const { policies, evaluator } of this.groups) {
      const slices = pace.isLarge === true ? policies.filter((policy) => pace.only?.has(policy) ?? true) : [undefined];
      for (const policy of slices) {
        verdicts.push(...ask(evaluator, policy === undefined ? pace : { only: new Set([policy]) }));
        if (this.#monotonicMs() < sliceEndMs) continue;
        if (pace.isOver?.() === true) throw new Error("the time for the evaluation is over");
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        sliceEndMs = this.#monotonicMs() + sliceMs;
      }
    }
    return verdicts.sort((left, right) =>
      left.policy.id < right.policy.id ? -1 : left.policy.id > right.policy.id ? 1 : 0,
    );
  }
}
