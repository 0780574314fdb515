import { criteria, familyOf } from "../criteria/criteria.ts";
import type { CriterionNeed } from "../criteria/criterion.ts";
import { loadPatternEngine } from "../matching/lazy.ts";
import type { MatchingOptions } from "../matching/group-compiler.ts";
import type { PatternEngine } from "../matching/pattern-engine.ts";
import type { LifecycleStage } from "../model/policy-names.ts";
import type { SecurityPolicy } from "../model/security-policy.ts";
import { compilePolicy } from "./compile-policy.ts";
import { verdictOf, type CompiledPolicy } from "./compiled-policy.ts";
import { Evaluation, type AnySubject } from "./evaluation.ts";
import type { EvaluationSubject } from "./evaluation-subject.ts";
import type { PolicyVerdict } from "./policy-verdict.ts";
import type { RuntimePolicyEvent } from "./runtime-event.ts";

/** How a {@link PolicySet} matches. @public */
export interface PolicySetOptions {
  /**
   * Process UID, Kubernetes User Name, Kubernetes User Groups, Kubernetes Resource Name and Source IP Address match the whole
   * value. False restores what existing installations have: the beginning is enough, so UID `1` matches 1000.
   *
   * @defaultValue true
   */
  readonly exactNames?: boolean;
  /**
   * Required Label, Required Annotation and Required Image Label with AND are violated when any one entry is missing. False
   * restores what existing installations have: only when all are missing, as with OR.
   *
   * @defaultValue true
   */
  readonly requireEach?: boolean;
  /** Milliseconds since the epoch. @defaultValue `Date.now` */
  readonly now?: () => number;
}

/** @public */
export interface EvaluateDeployOptions {
  /** Policies of this stage. @defaultValue `"DEPLOY"` */
  readonly stage?: "DEPLOY" | "BUILD";
  /** Only these policies of the set. */
  readonly only?: ReadonlySet<SecurityPolicy>;
}

/** An event and what is known around it; see {@link EvaluationSubject}. Audit-log and node events have no workload. @public */
export interface RuntimeSubject extends Partial<EvaluationSubject> {
  readonly event: RuntimePolicyEvent;
}

/** @public */
export interface EvaluateRuntimeOptions {
  /** Only these policies of the set. */
  readonly only?: ReadonlySet<SecurityPolicy>;
}

/** What became of a policy: its tests, or a verdict that stands for all subjects. */
type Entry = CompiledPolicy | PolicyVerdict;

/** When a policy is evaluated: a stage, or an event of a kind. */
type Occasion = LifecycleStage | RuntimePolicyEvent["kind"];

/**
 * The policies in force, evaluated over one subject at a time.
 *
 * A policy is compiled the first time it is evaluated and once; its matcher lives as long as the policy object does and the set
 * holds it, so replacing the policies keeps the matchers of those that stay. Evaluation is synchronous. Its result is
 * three-valued: what is missing leaves a policy `notEvaluated` only when it could change the outcome.
 *
 * Not guaranteed: that a port is not asked about a policy whose outcome another group already decides.
 *
 * @public
 */
export class PolicySet {
  readonly #options: MatchingOptions;
  readonly #now: () => number;
  readonly #evaluation = new Evaluation();
  #entries = new WeakMap<SecurityPolicy, Entry>();
  #policies: readonly SecurityPolicy[] = [];
  /** The policies to evaluate for each stage and, at RUNTIME, each kind of event. */
  #byOccasion = new Map<Occasion, SecurityPolicy[]>();
  #engine: PatternEngine | undefined;
  #loading: Promise<void> | undefined;

  constructor(options: PolicySetOptions = {}) {
    this.#options = { exactNames: options.exactNames ?? true, requireEach: options.requireEach ?? true };
    this.#now = options.now ?? Date.now;
  }

  /**
   * Puts other policies in force, at once. Policies that are the same objects as before keep their matchers. Await
   * {@link PolicySet.prepare} before the next evaluation, or policies with elaborate patterns are not evaluated.
   *
   * @param policies - valid ones; order does not matter. Disabled ones are left out.
   */
  replace(policies: readonly SecurityPolicy[]): void {
    const inForce = policies.filter((policy) => !policy.disabled);
    inForce.sort((one, other) => (one.id < other.id ? -1 : Number(one.id > other.id)));
    const byOccasion = new Map<Occasion, SecurityPolicy[]>();
    for (const policy of inForce) {
      for (const occasion of occasionsOf(policy)) {
        const list = byOccasion.get(occasion);
        if (list === undefined) byOccasion.set(occasion, [policy]);
        else list.push(policy);
      }
    }
    this.#policies = inForce;
    this.#byOccasion = byOccasion;
  }

  /** The policies in force, by id. */
  get policies(): readonly SecurityPolicy[] {
    return this.#policies;
  }

  /**
   * Loads the pattern engine when a policy has a pattern that plain string operations cannot do, otherwise nothing. Two callers
   * share one load; a load that fails can be tried again.
   */
  async prepare(): Promise<void> {
    if (this.#engine !== undefined) return;
    const needsEngine = this.#policies.some((policy) => {
      return this.#entries.get(policy) === undefined && compilePolicy(policy, this.#options, undefined).needsEngine;
    });
    if (!needsEngine) return;
    this.#loading ??= loadPatternEngine().then(
      (engine) => {
        this.#engine = engine;
      },
      (error: unknown) => {
        this.#loading = undefined;
        throw error;
      },
    );
    await this.#loading;
  }

  /** What the policies in force need beyond the object, `namespaceLabels` of scopes included: informers open for these only. */
  needs(): ReadonlySet<CriterionNeed> {
    const needs = new Set<CriterionNeed>();
    for (const policy of this.#policies) {
      const scopes = [...policy.scope, ...policy.exclusions.map((exclusion) => exclusion.deployment?.scope)];
      if (scopes.some((scope) => scope?.namespaceLabel !== undefined)) needs.add("namespaceLabels");
      for (const section of policy.sections) {
        for (const group of section.groups) {
          for (const need of criteria().get(group.fieldName)?.needs ?? []) needs.add(need);
        }
      }
    }
    return needs;
  }

  /**
   * Evaluates the policies of a stage over a workload.
   *
   * Cost: no allocation for a policy that passes on the specification alone, beside its place in the result.
   *
   * @returns a verdict for each policy that applies, sorted by the policy's id; verdicts that say `passed` are shared objects.
   */
  evaluateDeploy(subject: EvaluationSubject, options: EvaluateDeployOptions = {}): PolicyVerdict[] {
    return this.#evaluate(subject, options.stage ?? "DEPLOY", options.only);
  }

  /**
   * Evaluates the RUNTIME policies that are about events of this kind.
   *
   * @returns as {@link PolicySet.evaluateDeploy}.
   */
  evaluateRuntime(subject: RuntimeSubject, options: EvaluateRuntimeOptions = {}): PolicyVerdict[] {
    return this.#evaluate(subject, "RUNTIME", options.only);
  }

  #evaluate(
    subject: AnySubject,
    stage: LifecycleStage,
    only: ReadonlySet<SecurityPolicy> | undefined,
  ): PolicyVerdict[] {
    const verdicts: PolicyVerdict[] = [];
    const evaluation = this.#evaluation;
    evaluation.begin(subject, this.#now());
    try {
      const policies = this.#byOccasion.get(stage === "RUNTIME" ? (subject.event?.kind ?? stage) : stage);
      for (const policy of policies ?? []) {
        if (only !== undefined && !only.has(policy)) continue;
        const entry = this.#entryOf(policy);
        const verdict = "evaluate" in entry ? entry.evaluate(evaluation, stage) : entry;
        if (verdict !== undefined) verdicts.push(verdict);
      }
    } finally {
      evaluation.end();
    }
    return verdicts;
  }

  #entryOf(policy: SecurityPolicy): Entry {
    let entry = this.#entries.get(policy);
    if (entry !== undefined) return entry;
    const { compiled, problems, needsEngine } = compilePolicy(policy, this.#options, this.#engine);
    const notEvaluated = verdictOf(policy, "notEvaluated");
    // Not kept: the engine may be there the next time.
    if (needsEngine && problems.length === 0) return { ...notEvaluated, missing: ["patternEngine"] };
    entry = compiled ?? {
      ...notEvaluated,
      problem: problems.map(({ path, message }) => `${path}: ${message}`).join("; "),
    };
    this.#entries.set(policy, entry);
    return entry;
  }
}

function occasionsOf(policy: SecurityPolicy): ReadonlySet<Occasion> {
  const occasions = new Set<Occasion>();
  for (const stage of policy.lifecycleStages) if (stage !== "RUNTIME") occasions.add(stage);
  if (!policy.lifecycleStages.includes("RUNTIME")) return occasions;
  for (const section of policy.sections) {
    for (const group of section.groups) {
      const criterion = criteria().get(group.fieldName);
      const family = criterion && familyOf(criterion, policy.eventSource);
      if (family !== undefined && family !== "deploy") occasions.add(family);
    }
  }
  return occasions;
}
