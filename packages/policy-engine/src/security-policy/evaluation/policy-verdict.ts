import type { CriterionNeed } from "../criteria/criterion.ts";
import type { SecurityPolicy } from "../model/security-policy.ts";

/**
 * What one policy says about one subject.
 *
 * - `violated`: known for certain, whatever else is missing; `violations` is not empty
 * - `passed`: known for certain, whatever else is missing
 * - `notEvaluated`: it depends on what `missing` names, or the policy does not compile (`problem`); never counted as passed
 * - `excluded`: an exclusion of the policy names the subject
 *
 * Policies that are disabled, of another stage or out of scope give no verdict.
 *
 * @public
 */
export interface PolicyVerdict {
  readonly policy: SecurityPolicy;
  readonly outcome: "violated" | "passed" | "notEvaluated" | "excluded";
  /** Sorted by message, no message twice, at most {@link maxViolations}. */
  readonly violations: readonly Violation[];
  /** Sorted. */
  readonly missing: readonly EvaluationNeed[];
  /** Why the policy cannot be evaluated at all; undefined for all that compile. */
  readonly problem: string | undefined;
}

/**
 * What an evaluation lacked: the needs of criteria, and `cluster` / `clusterLabels` (a scope names them and the subject does not
 * say), `container` (the event's container is not in the workload), `workload` (the event came without one), `patternEngine`
 * ({@link PolicySet.prepare} was not awaited).
 *
 * @public
 */
export type EvaluationNeed = CriterionNeed | "cluster" | "clusterLabels" | "container" | "patternEngine" | "workload";

/** One line about one thing that is wrong. @public */
export interface Violation {
  readonly kind: "generic" | "process" | "networkFlow" | "kubernetesEvent" | "fileAccess";
  /** One line, names and values in double quotes. */
  readonly message: string;
  /** Facts of an event, in a fixed order; empty for what is wrong in a workload. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
}

/** Violations a verdict carries; one more line then says how many there are. @public */
export const maxViolations = 100;
