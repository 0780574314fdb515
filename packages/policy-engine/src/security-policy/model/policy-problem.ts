import type { PolicyEngineErrorCode } from "../../errors.ts";

/**
 * One thing that is wrong with a policy. Expected outcomes of reading are values, not exceptions.
 *
 * @public
 */
export interface PolicyProblem {
  readonly code: PolicyProblemCode;
  /** An `error` makes the policy unusable; a `warning` says that a part of it has no effect, or not the one it seems to have. */
  readonly level: "error" | "warning";
  /** Where, from the top of the resource: `spec.policySections[0].policyGroups[1].values[0].value`; empty for the whole. */
  readonly path: string;
  /** What is there, as one line of at most 200 characters; empty when nothing is. */
  readonly value: string;
  /** One line, without the path; ends without a full stop. */
  readonly message: string;
  /** What may stand there, when that can be listed. */
  readonly permitted?: readonly string[];
}

/** Codes a {@link PolicyProblem} can carry. @public */
export type PolicyProblemCode = Extract<PolicyEngineErrorCode, `KINGLET_ERR_POLICY_ENGINE_POLICY_${string}`>;
