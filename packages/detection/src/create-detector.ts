import { createError } from "@kinglet/errors";
import type { ActivityEvent, ActivityEventKind, ContainerIdentity } from "@kinglet/enrichment";
import { lazy, type Lazy } from "@kinglet/lazy-schema";
import type { RuleDefinition } from "@kinglet/policy-engine";

import type { Alert, AlertDraft } from "./alert.ts";
import type { Detector, DetectorOptions, InvalidRule, RuleActivity, RuleNote } from "./detector.ts";
import { detectionErrors } from "./errors.ts";
import { loadRuleJudge } from "./lazy.ts";
import type { RuleJudge } from "./rule-judge.ts";

/**
 * Builds a detector. Loads nothing and compiles nothing until {@link Detector.prepare}.
 *
 * @throws KINGLET_ERR_DETECTION_DUPLICATE_RULE
 * @public
 */
export function createDetector(options: DetectorOptions): Detector {
  if (typeof options.rules !== "function") assertDistinct(options.rules);
  return new LazyDetector(options);
}

/** Shared by every event without an alert. */
const noAlerts: readonly Alert[] = [];

/** Holds the place of the judge until the first container is to be judged. */
class LazyDetector implements Detector {
  readonly #options: DetectorOptions;
  readonly #prepareOnce: Lazy<Promise<void>>;
  #judge: RuleJudge | undefined;
  /** Set before there was a judge. */
  #rules: readonly RuleDefinition[] | undefined;

  constructor(options: DetectorOptions) {
    this.#options = options;
    this.#prepareOnce = lazy(() => this.#prepare());
  }

  get isPrepared(): boolean {
    return this.#judge !== undefined;
  }

  get invalidRules(): readonly InvalidRule[] {
    return this.#judge?.invalidRules ?? [];
  }

  get notes(): readonly RuleNote[] {
    return this.#judge?.notes ?? [];
  }

  get seenKinds(): ReadonlySet<ActivityEventKind> {
    return this.#judge?.seenKinds ?? new Set();
  }

  get activity(): readonly RuleActivity[] {
    return this.#judge?.activity ?? [];
  }

  prepare(): Promise<void> {
    return this.#prepareOnce();
  }

  setRules(rules: readonly RuleDefinition[]): void {
    assertDistinct(rules);
    this.#rules = rules;
    this.#judge?.setRules(rules);
  }

  detect(event: ActivityEvent, container: ContainerIdentity): readonly Alert[] {
    const found = this.find(event, container);
    return found.length === 0 ? noAlerts : found.map((draft) => draft.build());
  }

  find(event: ActivityEvent, container: ContainerIdentity): readonly AlertDraft[] {
    if (this.#judge !== undefined) return this.#judge.find(event, container);
    const { containerId } = container;
    throw createError(detectionErrors, "KINGLET_ERR_DETECTION_NOT_PREPARED", { containerId });
  }

  async #prepare(): Promise<void> {
    const { openRuleJudge } = await loadRuleJudge();
    const judge = await openRuleJudge(this.#options);
    const { rules } = this.#options;
    const first = this.#rules ?? (typeof rules === "function" ? await rules() : rules);
    assertDistinct(first);
    // Rules that were set while the others were on their way win.
    judge.setRules(this.#rules ?? first);
    this.#judge = judge;
  }
}

function assertDistinct(rules: readonly RuleDefinition[]): void {
  const seen = new Set<string>();
  for (const { id } of rules) {
    if (seen.has(id)) throw createError(detectionErrors, "KINGLET_ERR_DETECTION_DUPLICATE_RULE", { ruleId: id });
    seen.add(id);
  }
}
