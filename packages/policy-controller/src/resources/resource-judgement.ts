/** What a resource is found to be. @public */
export interface Judgement {
  /** Whether it may be put in force. */
  readonly isValid: boolean;
  /** The name that no two resources may have; undefined when it has none or the kind needs none. */
  readonly claimedName: string | undefined;
  /** Problems and remarks in one line, at most 1,024 characters; empty when there are none. */
  readonly message: string;
}

/** Longest message of a condition, characters. */
const maxMessage = 1024;

/** Sentences of one line, cut with an ellipsis where they would pass 1,024 characters. */
export function joinProblems(problems: readonly string[]): string {
  const text = problems.join("; ").replaceAll(/\s+/g, " ");
  return text.length <= maxMessage ? text : `${text.slice(0, maxMessage - 1).trimEnd()}…`;
}
