/**
 * A rule as bindings bind it to pods.
 *
 * @public
 */
export interface BoundRule {
  readonly ruleId: string;
  /** 1 … 10; undefined: the rule's own. The highest where several bindings name the rule. */
  readonly severity: number | undefined;
  /**
   * Parameters that replace the rule's `state` key by key, one set per binding that names the rule: an event that one of them lets
   * through is judged. Empty: the rule's own.
   */
  readonly parameters: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Which rules hold for a pod. What was prepared for a selection is kept as long as the object lives: pods with the same rules should
 * share one.
 *
 * @public
 */
export interface RuleSelection {
  readonly rules: readonly BoundRule[];
}
