/** Called once per execution; budget: no allocation on the way to "no alert" but what the CEL call makes. */
import { createError, hasCode } from "@kinglet/errors";
import type { ContainerIdentity, ExecEvent } from "@kinglet/enrichment";
import { lazy, type Lazy } from "@kinglet/lazy-schema";
import {
  loadCelEngine,
  profileDependency,
  pureCelFunctions,
  RuleProgram,
  type RuleDefinition,
  type RuleProblem,
} from "@kinglet/policy-engine";

import type { Alert } from "./alert.ts";
import { createAlert } from "./create-alert.ts";
import type { Detector, DetectorOptions, InvalidRule, ProfileView } from "./detector.ts";
import { detectionErrors } from "./errors.ts";
import { commOf, execEventFields, ExecRuleEvent } from "./exec-rule-event.ts";
import { evaluatedEvents, evaluationFailures, invalidRules, ruleMatches, skippedEvaluations } from "./metrics.ts";
import type { SkipReason } from "./metrics.ts";
import { createProfileFunctions } from "./profile-functions.ts";

/** Shared by every event without an alert. */
const noAlerts: readonly Alert[] = [];

/** Label objects are literals of their own, so that counting allocates nothing. */
const execKind = { kind: "exec" };
const skipLabels: Readonly<Record<SkipReason, { readonly reason: SkipReason }>> = {
  replay: { reason: "replay" },
  runtime_stage: { reason: "runtime_stage" },
  no_binary: { reason: "no_binary" },
  no_profile: { reason: "no_profile" },
  learning: { reason: "learning" },
  unusable_profile: { reason: "unusable_profile" },
  policy: { reason: "policy" },
};

/**
 * Builds a detector. Loads nothing and compiles nothing until {@link Detector.prepare}.
 *
 * @throws KINGLET_ERR_DETECTION_DUPLICATE_RULE
 * @public
 */
export function createDetector(options: DetectorOptions): Detector {
  const seen = new Set<string>();
  for (const { id } of options.rules) {
    if (seen.has(id)) throw createError(detectionErrors, "KINGLET_ERR_DETECTION_DUPLICATE_RULE", { ruleId: id });
    seen.add(id);
  }
  return new RuleDetector(options);
}

interface PreparedRule {
  readonly rule: RuleDefinition;
  readonly program: RuleProgram;
  readonly labels: { readonly rule: string };
  failures: number;
}

class RuleDetector implements Detector {
  readonly #options: DetectorOptions;
  readonly #prepareOnce: Lazy<Promise<void>>;
  readonly #event = new ExecRuleEvent();
  readonly #variables: { readonly event: ExecRuleEvent; readonly eventType: "exec" };
  readonly #enabled: readonly RuleDefinition[];
  readonly #needsProfileOnly: boolean;
  #execRules: PreparedRule[] | undefined;
  #invalid: InvalidRule[] = [];
  readonly #metrics;

  constructor(options: DetectorOptions) {
    this.#options = options;
    this.#prepareOnce = lazy(() => this.#prepare());
    this.#variables = { event: this.#event, eventType: "exec" };
    this.#enabled = options.rules.filter((rule) => rule.enabled);
    this.#needsProfileOnly = this.#enabled.every((rule) => rule.profileDependency === profileDependency.required);
    this.#metrics = {
      events: options.metrics.counter(evaluatedEvents),
      skipped: options.metrics.counter(skippedEvaluations),
      matches: options.metrics.counter(ruleMatches),
      failures: options.metrics.counter(evaluationFailures),
      invalid: options.metrics.gauge(invalidRules),
    };
  }

  get isPrepared(): boolean {
    return this.#execRules !== undefined;
  }

  get invalidRules(): readonly InvalidRule[] {
    return this.#invalid;
  }

  prepare(): Promise<void> {
    return this.#prepareOnce();
  }

  detect(event: ExecEvent, container: ContainerIdentity): readonly Alert[] {
    this.#metrics.events.add(1, execKind);
    if (event.isReplay) return this.#skip("replay");
    if (event.isRuntimeStage) return this.#skip("runtime_stage");
    // Without a path there is nothing to compare; it is counted, because it is a blind spot.
    if (event.binary === "") return this.#skip("no_binary");
    const profile = this.#options.profiles.get(container.containerId);
    const gate = judgeProfile(profile);
    if (gate !== undefined && this.#needsProfileOnly) return this.#skip(gate);
    const rules = this.#execRules;
    if (rules === undefined) {
      const { containerId } = container;
      throw createError(detectionErrors, "KINGLET_ERR_DETECTION_NOT_PREPARED", { containerId });
    }
    this.#event.point(event, container);
    let alerts: Alert[] | undefined;
    for (let index = 0; index < rules.length; index++) {
      // The index is below the length.
      const prepared = rules[index]!;
      if (!this.#applies(prepared.rule, event, profile, gate)) continue;
      const alert = this.#evaluate(prepared, event, container, profile);
      if (alert === undefined) continue;
      alerts ??= [];
      alerts.push(alert);
    }
    return alerts ?? noAlerts;
  }

  #applies(
    rule: RuleDefinition,
    event: ExecEvent,
    profile: ProfileView | undefined,
    gate: SkipReason | undefined,
  ): boolean {
    if (gate !== undefined && rule.profileDependency === profileDependency.required) {
      this.#skip(gate);
      return false;
    }
    if (rule.supportPolicy && profile !== undefined && isAllowedByPolicy(profile, rule.id, event.binary)) {
      this.#skip("policy");
      return false;
    }
    return true;
  }

  #evaluate(
    prepared: PreparedRule,
    event: ExecEvent,
    container: ContainerIdentity,
    profile: ProfileView | undefined,
  ): Alert | undefined {
    try {
      if (!prepared.program.matches(this.#variables)) return undefined;
      const message = prepared.program.message(this.#variables);
      this.#metrics.matches.add(1, prepared.labels);
      return createAlert({ rule: prepared.rule, message, event, container, profile, origin: this.#options });
    } catch (error) {
      this.#onFailure(prepared, error);
      return undefined;
    }
  }

  /** One rule that fails must not silence the others; a rule that no longer compiles leaves for good, with its reason. */
  #onFailure(prepared: PreparedRule, error: unknown): void {
    this.#metrics.failures.add(1, prepared.labels);
    prepared.failures++;
    const { id } = prepared.rule;
    if (hasCode(error, "KINGLET_ERR_POLICY_ENGINE_INVALID_EXPRESSION")) {
      this.#execRules = this.#execRules?.filter((other) => other !== prepared);
      const { message } = error;
      this.#reject(id, [{ code: error.code, path: "expressions", message }]);
      return;
    }
    // The first failure and then every power of two: visible without filling the log.
    if ((prepared.failures & (prepared.failures - 1)) !== 0) return;
    this.#options.logger.warn("a rule could not be evaluated on an event", {
      rule: id,
      failures: prepared.failures,
      error,
    });
  }

  #skip(reason: SkipReason): readonly Alert[] {
    this.#metrics.skipped.add(1, skipLabels[reason]);
    return noAlerts;
  }

  async #prepare(): Promise<void> {
    const { createCelEngine } = await loadCelEngine();
    const engine = createCelEngine({
      functions: { ...pureCelFunctions, ...createProfileFunctions(this.#options.profiles) },
      fields: { exec: execEventFields },
    });
    const prepared: PreparedRule[] = [];
    this.#invalid = [];
    for (const rule of this.#enabled) {
      const program = new RuleProgram(engine, rule);
      const problems = program.validate();
      if (problems.length > 0) this.#reject(rule.id, problems);
      else if (program.appliesTo("exec")) prepared.push({ rule, program, labels: { rule: rule.id }, failures: 0 });
    }
    this.#metrics.invalid.set(this.#invalid.length);
    this.#execRules = prepared;
  }

  #reject(ruleId: string, problems: readonly RuleProblem[]): void {
    this.#invalid = [...this.#invalid, { ruleId, problems }];
    this.#metrics.invalid.set(this.#invalid.length);
    this.#options.logger.error("a rule is invalid and does not run", { rule: ruleId, problems });
  }
}

/** Why a rule that needs a profile cannot be held against this one; undefined: it can. */
function judgeProfile(profile: ProfileView | undefined): SkipReason | undefined {
  if (profile === undefined) return "no_profile";
  switch (profile.status) {
    // Both are final; the profile cache holds no others.
    case "completed":
    case "too-large":
      return undefined;
    case "initializing":
    case "ready":
      return "learning";
    default:
      return "unusable_profile";
  }
}

function isAllowedByPolicy(profile: ProfileView, ruleId: string, binary: string): boolean {
  const policy = profile.content.policyOf(ruleId);
  return policy !== undefined && (policy.containerAllowed || policy.processAllowed.includes(commOf(binary)));
}
