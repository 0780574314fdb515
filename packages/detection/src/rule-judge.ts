/** Called once per event; budget: 0 allocations on the way to "no alert" but for names of processes. */
import { hasCode } from "@kinglet/errors";
import type { ActivityEvent, ActivityEventKind, ContainerIdentity } from "@kinglet/enrichment";
import { systemClock } from "@kinglet/lifecycle";
import {
  loadCelEngine,
  profileDependency,
  pureCelFunctions,
  RuleProgram,
  type CelEngine,
  type CelEngineModule,
  type RuleDefinition,
  type RuleProblem,
} from "@kinglet/policy-engine";

import type { AlertAllowance, AlertDraft } from "./alert.ts";
import { withAllowance } from "./allowed-answers.ts";
import { commOf } from "./comm-of.ts";
import { draftAlert, type AlertSource } from "./create-alert.ts";
import { DetectionCounts } from "./detection-counts.ts";
import type { DetectorOptions, InvalidRule, ProfileView, RuleActivity, RuleNote } from "./detector.ts";
import { ExecExemptions } from "./exec-exemptions.ts";
import { createHostFunctions } from "./host-functions.ts";
import type { SkipReason } from "./metrics.ts";
import { createProfileFunctions } from "./profile-functions.ts";
import { appliesInContext } from "./rule-context.ts";
import { unobservedSurface } from "./unobserved-surface.ts";
import { ActivityView, commonFields, ruleEventFields } from "./rule-event.ts";
import { RuleReport } from "./rule-report.ts";
import { RuleTable, type Candidate, type RunningRule } from "./rule-table.ts";

/** Shared by every event without an alert. */
const noAlerts: readonly AlertDraft[] = [];

/** Loads the CEL engine and builds the judge over it, without rules. @internal */
export async function openRuleJudge(options: DetectorOptions): Promise<RuleJudge> {
  const { createCelEngine } = await loadCelEngine();
  return new RuleJudge(options, createCelEngine);
}

/** Holds events against prepared rules. @internal */
export class RuleJudge {
  readonly #options: DetectorOptions;
  readonly #engine: CelEngine;
  readonly #view: ActivityView = new ActivityView();
  readonly #variables: { readonly event: ActivityView; eventType: ActivityEventKind };
  readonly #counts: DetectionCounts;
  readonly #report: RuleReport;
  #table: RuleTable = new RuleTable([]);
  /** What the rules were last said to ask of profiles. */
  #profileData = "";
  /** The profile of the container at hand; functions about it need no second look-up. */
  #profile: ProfileView | undefined;

  constructor(options: DetectorOptions, createCelEngine: CelEngineModule["createCelEngine"]) {
    this.#options = options;
    this.#variables = { event: this.#view, eventType: "exec" };
    this.#counts = new DetectionCounts(options.metrics, () => this.#table.rules);
    this.#report = new RuleReport(options.logger, options.metrics);
    const { host, profiles, peers, maxCachedResults } = options;
    const view = this.#view;
    const exemptions =
      host === undefined ? undefined : new ExecExemptions({ host, view, clock: options.clock ?? systemClock });
    const lookup = {
      get: (containerId: string) => (containerId === view.containerId ? this.#profile : profiles.get(containerId)),
    };
    const profileFunctions = createProfileFunctions(lookup, {
      ...(maxCachedResults === undefined ? {} : { maxCachedResults }),
      ...(peers === undefined ? {} : { peers }),
      executionOf: (args) => view.executionOf(args),
      ...(exemptions === undefined ? {} : { isExemptExec: (id, path) => exemptions.isExempt(id, path) }),
    });
    const hostFunctions = host === undefined ? {} : createHostFunctions(host);
    this.#engine = createCelEngine({
      functions: { ...pureCelFunctions, ...profileFunctions, ...hostFunctions },
      fields: { ...ruleEventFields, all: commonFields },
    });
  }

  get invalidRules(): readonly InvalidRule[] {
    return this.#report.invalid;
  }

  get notes(): readonly RuleNote[] {
    return this.#report.notes;
  }

  get seenKinds(): ReadonlySet<ActivityEventKind> {
    return this.#counts.seenKinds;
  }

  get activity(): readonly RuleActivity[] {
    return this.#table.rules.map(({ rule, evaluations, matches, failures }) => ({
      ruleId: rule.id,
      evaluations,
      matches,
      failures,
    }));
  }

  setRules(rules: readonly RuleDefinition[]): void {
    this.#counts.flush();
    const before = new Map(this.#table.rules.map((running) => [running.rule, running]));
    const invalid: InvalidRule[] = [];
    const running: RunningRule[] = [];
    for (const rule of rules) {
      if (!rule.enabled || !appliesInContext(rule, this.#options.context)) continue;
      const made = before.get(rule) ?? this.#make(rule);
      if (!("problems" in made)) {
        running.push(made);
        continue;
      }
      invalid.push({ ruleId: rule.id, problems: made.problems });
      const fallback = this.#fallback(rule, before);
      if (fallback !== undefined) running.push(fallback);
    }
    this.#run(running, invalid);
  }

  /** From now on these run. */
  #run(running: readonly RunningRule[], invalid: readonly InvalidRule[]): void {
    const notes = running.map(({ note }) => note);
    this.#report.set(invalid, notes);
    this.#table = new RuleTable(running);
    const { onProfileData } = this.#options;
    if (onProfileData === undefined) return;
    const asked = JSON.stringify(running.map(({ profileData }) => profileData));
    if (asked === this.#profileData) return;
    this.#profileData = asked;
    onProfileData(running.map(({ rule, profileData }) => ({ ...rule, profileDataRequired: profileData })));
  }

  #make(rule: RuleDefinition): RunningRule | { readonly problems: readonly RuleProblem[] } {
    const program = new RuleProgram(this.#engine, rule);
    const problems = program.validate();
    if (problems.length > 0) return { problems };
    const { data: profileData, undeclared } = program.profileData();
    const note = { ruleId: rule.id, unfed: program.unfed, undeclared };
    return { rule, program, labels: { rule: rule.id }, profileData, note, evaluations: 0, matches: 0, failures: 0 };
  }

  /** What runs in the place of an invalid rule: a mistake in a rule must not silence the one that it was to replace. */
  #fallback(
    invalid: RuleDefinition,
    before: ReadonlyMap<RuleDefinition, RunningRule> = new Map(),
  ): RunningRule | undefined {
    const rule = this.#options.fallbackFor?.(invalid.id);
    if (rule === undefined || rule === invalid || !rule.enabled) return undefined;
    if (!appliesInContext(rule, this.#options.context)) return undefined;
    const made = before.get(rule) ?? this.#make(rule);
    return "problems" in made ? undefined : made;
  }

  find(event: ActivityEvent, container: ContainerIdentity): readonly AlertDraft[] {
    const { kind } = event;
    this.#counts.event(kind);
    if (kind === "exec") {
      if (event.isReplay) return this.#skip("replay");
      if (event.isRuntimeStage) return this.#skip("runtime_stage");
      // Without a path there is nothing to compare; it is counted, because it is a blind spot.
      if (event.binary === "") return this.#skip("no_binary");
    }
    const { rulesFor, profiles } = this.#options;
    let candidates: readonly Candidate[] | undefined;
    if (rulesFor === undefined) candidates = this.#table.every(kind);
    else {
      const selection = rulesFor(container);
      if (selection === undefined || selection.rules.length === 0) return this.#skip("no_rules");
      candidates = this.#table.selected(selection, kind);
    }
    if (candidates.length === 0) return noAlerts;
    this.#view.point(event, container);
    this.#variables.eventType = kind;
    this.#profile = profiles.get(container.containerId);
    return this.#judge(candidates, event, container);
  }

  #judge(candidates: readonly Candidate[], event: ActivityEvent, container: ContainerIdentity): readonly AlertDraft[] {
    const profile = this.#profile;
    const gate = judgeProfile(profile);
    const unobserved = profile === undefined || gate !== undefined ? undefined : unobservedSurface(profile, event);
    let alerts: AlertDraft[] | undefined;
    for (let index = 0; index < candidates.length; index++) {
      const candidate = candidates[index]!; // Below the length.
      const isLearned = candidate.rule.supportPolicy && this.#isLearning(container);
      const skip = gate ?? (unobserved !== undefined && candidate.asksFor(unobserved) ? "unobserved" : undefined);
      const isGated = skip !== undefined && candidate.rule.profileDependency === profileDependency.required;
      if (isGated && !isLearned) {
        this.#counts.skip(skip);
        continue;
      }
      const isAllowed = this.#isAllowed(candidate, profile);
      // What is learned counts for a new profile, whatever an older one allows.
      const reason = this.#reasonToSkip(candidate, isAllowed && !isLearned);
      if (reason !== undefined) {
        this.#counts.skip(reason);
        continue;
      }
      const message = this.#evaluate(candidate);
      if (message === undefined) continue;
      if (isLearned) this.#options.learning?.recordRulePolicy(container, candidate.rule.id, commOf(event.binary));
      if (isGated || isAllowed) continue;
      alerts ??= [];
      alerts.push(this.#alert(candidate, message, event, container));
    }
    return alerts ?? noAlerts;
  }

  #isLearning(container: ContainerIdentity): boolean {
    return this.#options.learning?.isLearning(container.containerId) === true;
  }

  #isAllowed({ rule }: Candidate, profile: ProfileView | undefined): boolean {
    return rule.supportPolicy && profile !== undefined && isAllowedByPolicy(profile, rule.id, this.#view);
  }

  #reasonToSkip(candidate: Candidate, isAllowed: boolean): SkipReason | undefined {
    if (candidate.lacksField(this.#view)) return "missing_field";
    if (candidate.isFilteredOut(this.#view)) return "prefilter";
    return isAllowed ? "policy" : undefined;
  }

  /** The message of the alert; undefined when there is none. */
  #evaluate(candidate: Candidate): string | undefined {
    const { running } = candidate;
    running.evaluations++;
    try {
      if (!running.program.matches(this.#variables)) return undefined;
    } catch (error) {
      // What the event does not tell is no fault of the rule.
      if (candidate.mayLackField(this.#view)) this.#counts.skip("missing_field");
      else this.#onFailure(running, error);
      return undefined;
    }
    running.matches++;
    // A text may have the arguments as one, where nobody can tell them apart.
    this.#view.tellsText = true;
    // An alert is not lost because its text could not be told.
    return this.#textOf(running, () => running.program.message(this.#variables)) ?? running.rule.name;
  }

  #alert(candidate: Candidate, message: string, event: ActivityEvent, container: ContainerIdentity): AlertDraft {
    const { running } = candidate;
    const profile = this.#profile;
    const uniqueKey = this.#textOf(running, () => running.program.uniqueId(this.#variables));
    return draftAlert({
      rule: candidate.rule,
      message,
      ...(uniqueKey === undefined ? {} : { uniqueKey }),
      event,
      container,
      profile,
      silences: (allowance) => this.#isSilencedBy(allowance, candidate, { event, container, profile }),
      origin: this.#options,
    });
  }

  /** Whether the rule would be silent about an event that it matched; asked for alerts that leave, when the event at hand is another one. */
  #isSilencedBy(
    allowance: AlertAllowance,
    candidate: Candidate,
    { event, container, profile }: Pick<AlertSource, "event" | "container" | "profile">,
  ): boolean {
    const content = withAllowance(profile?.content, allowance);
    const { name = "", namespace = container.namespace, status = "", completion = "", checksum = "" } = profile ?? {};
    this.#view.point(event, container);
    this.#variables.eventType = event.kind;
    this.#profile = { name, namespace, status, completion, checksum, content };
    try {
      return !candidate.lacksField(this.#view) && !candidate.running.program.matches(this.#variables);
    } catch {
      // What the rule asks beside the profile can no longer be found out.
      return false;
    }
  }

  #textOf(running: RunningRule, tell: () => string): string | undefined {
    try {
      return tell();
    } catch (error) {
      running.failures++;
      this.#warn(running, error);
      return undefined;
    }
  }

  /** One rule that fails must not silence the others; a rule that no longer compiles leaves for good, with its reason. */
  #onFailure(running: RunningRule, error: unknown): void {
    running.failures++;
    const { id } = running.rule;
    if (hasCode(error, "KINGLET_ERR_POLICY_ENGINE_INVALID_EXPRESSION")) {
      this.#counts.flush();
      const fallback = this.#fallback(running.rule);
      const others = this.#table.rules.filter((other) => other !== running);
      const { code, message } = error;
      const invalid = { ruleId: id, problems: [{ code, path: "expressions", message }] };
      this.#run(fallback === undefined ? others : [...others, fallback], [...this.#report.invalid, invalid]);
      return;
    }
    this.#warn(running, error);
  }

  /** The first failure and then every power of two: visible without filling the log. */
  #warn(running: RunningRule, error: unknown): void {
    if ((running.failures & (running.failures - 1)) !== 0) return;
    this.#options.logger.warn("a rule could not be evaluated on an event", {
      rule: running.rule.id,
      failures: running.failures,
      error,
    });
  }

  #skip(reason: SkipReason): readonly AlertDraft[] {
    this.#counts.skip(reason);
    return noAlerts;
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

/** The name of the process is cut out only for a profile that has a policy for the rule. */
function isAllowedByPolicy(profile: ProfileView, ruleId: string, view: ActivityView): boolean {
  const policy = profile.content.policyOf(ruleId);
  return policy !== undefined && (policy.containerAllowed || policy.processAllowed.includes(view.comm));
}
