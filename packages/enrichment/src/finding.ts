/** The parts of a cluster that report judgements, not raw events. @public */
export type FindingSource = "kubernetes-audit" | "falco";

/**
 * Something that a source has already judged: it becomes an alert without a rule or a profile of ours. All fields always have a value.
 *
 * @public
 */
export interface Finding {
  readonly source: FindingSource;
  /** Stable per kind of finding and source. */
  readonly ruleId: string;
  readonly ruleName: string;
  /** 1 (least) ... 10. */
  readonly severity: number;
  /** One sentence for people; already redacted. */
  readonly message: string;
  /** RFC 3339 as received. */
  readonly time: string;
  /** Where it happened; each is empty when the source does not say. */
  readonly namespace: string;
  readonly podName: string;
  readonly containerName: string;
  readonly nodeName: string;
  /** Who did it, as the source names them; empty when it does not. */
  readonly user: string;
  /** Equal for repeats of one occurrence, whatever they come through. */
  readonly uniqueId: string;
  /** Further facts, already redacted. */
  readonly details: Readonly<Record<string, string>>;
}
