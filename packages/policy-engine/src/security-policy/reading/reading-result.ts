import type { PolicyProblem } from "../model/policy-problem.ts";
import type { SecurityPolicy } from "../model/security-policy.ts";

/** What became of a SecurityPolicy resource. @public */
export interface ReadingResult {
  /** Undefined exactly when a problem is an error. */
  readonly policy: SecurityPolicy | undefined;
  /** All problems in the order of the document, at most 100. */
  readonly problems: readonly PolicyProblem[];
}
