import type { Alert } from "@kinglet/detection";

/** @internal */
export type RankedAlert = Pick<Alert, "ruleId"> & Partial<Pick<Alert, "severity">>;

/** Alerts that pass in one window although its bound is used up. */
const maxBeyond = 30;
/** Of these, kept for alerts that are more severe than all before; there are as many severities. */
const keptForSeverity = 10;
/** Further rules count as new each time, within `maxBeyond`. */
const maxRules = 100;

/**
 * Which rules had an alert pass in one window: a flood of one rule must not hide the first alert of another, which is all that somebody who floods on
 * purpose wants hidden.
 *
 * Guarantees: bounded, in what it remembers and in what it lets pass: 20 first alerts of rules, and 10 that are more severe than all before.
 *
 * @internal
 */
export class RuleFirsts {
  readonly #rules = new Set<string>();
  #highest: number;
  #left = maxBeyond;

  /**
   * @param rules - had one pass already.
   * @param highest - severity that counts as passed.
   */
  constructor(rules: Iterable<string> = [], highest = 0) {
    for (const ruleId of rules) this.#add(ruleId);
    this.#highest = highest;
  }

  /** Whether the alert may pass beyond the bound: the first of its rule, or more severe than all before. */
  mayPass({ ruleId, severity = 0 }: RankedAlert): boolean {
    if (severity > this.#highest) return this.#left > 0;
    return this.#left > keptForSeverity && !this.#rules.has(ruleId);
  }

  /** An alert passed. @param isBeyond - only because {@link RuleFirsts.mayPass} said so. */
  passed({ ruleId, severity = 0 }: RankedAlert, { isBeyond = false }: { readonly isBeyond?: boolean } = {}): void {
    this.#add(ruleId);
    if (severity > this.#highest) this.#highest = severity;
    if (isBeyond) this.#left--;
  }

  #add(ruleId: string): void {
    if (this.#rules.size < maxRules) this.#rules.add(ruleId);
  }
}
