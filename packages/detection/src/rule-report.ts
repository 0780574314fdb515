import type { Logger } from "@kinglet/logger";
import type { Gauge, Metrics } from "@kinglet/metrics";

import type { InvalidRule, RuleNote } from "./detector.ts";
import { invalidRules, partialRules, undeclaredRules } from "./metrics.ts";

/**
 * What there is to say of rules: in the log once, until something else is to be said of the rule, and in metrics.
 *
 * @internal
 */
export class RuleReport {
  readonly #logger: Logger;
  readonly #gauges: Readonly<Record<"invalid" | "partial" | "undeclared", Gauge>>;
  #invalid: readonly InvalidRule[] = [];
  #notes: readonly RuleNote[] = [];
  #said: ReadonlySet<string> = new Set();

  constructor(logger: Logger, metrics: Metrics) {
    this.#logger = logger;
    this.#gauges = {
      invalid: metrics.gauge(invalidRules),
      partial: metrics.gauge(partialRules),
      undeclared: metrics.gauge(undeclaredRules),
    };
  }

  get invalid(): readonly InvalidRule[] {
    return this.#invalid;
  }

  get notes(): readonly RuleNote[] {
    return this.#notes;
  }

  /** @param notes - of the rules that run; those of which there is nothing to say are left out. */
  set(invalid: readonly InvalidRule[], notes: readonly RuleNote[]): void {
    this.#invalid = invalid;
    this.#notes = notes.filter(({ unfed, undeclared }) => unfed.length > 0 || undeclared.length > 0);
    this.#gauges.invalid.set(invalid.length);
    this.#gauges.partial.set(this.#notes.filter(({ unfed }) => unfed.length > 0).length);
    this.#gauges.undeclared.set(this.#notes.filter(({ undeclared }) => undeclared.length > 0).length);
    const said = new Set<string>();
    const isNew = (...what: readonly unknown[]): boolean => {
      const text = JSON.stringify(what);
      said.add(text);
      return !this.#said.has(text);
    };
    for (const { ruleId: rule, problems } of invalid) {
      if (isNew("invalid", rule, problems)) {
        this.#logger.error("a rule is invalid and does not run", { rule, problems });
      }
    }
    for (const { ruleId: rule, unfed, undeclared } of this.#notes) {
      if (unfed.length > 0 && isNew("unfed", rule, unfed)) {
        this.#logger.warn("conditions of a rule do not run, because nothing feeds them; its others do", {
          rule,
          problems: unfed,
        });
      }
      if (undeclared.length > 0 && isNew("undeclared", rule, undeclared)) {
        this.#logger.warn("a rule asks profiles for more than it declares, which is kept as well", {
          rule,
          problems: undeclared,
        });
      }
    }
    this.#said = said;
  }
}
