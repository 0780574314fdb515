/** One requirement on labels. @public */
export interface LabelSelectorRequirement {
  readonly key: string;
  /** `In`, `NotIn`, `Exists` or `DoesNotExist`; kept as written. */
  readonly operator: string;
  readonly values: readonly string[];
}

/** Kubernetes label selector; both parts must hold, an empty one selects everything. @public */
export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly LabelSelectorRequirement[];
}
