import type { ErrorCodeEntry } from "@kinglet/errors";

/** A code of this package. @public */
export type PolicyEngineErrorCode =
  | "KINGLET_ERR_POLICY_ENGINE_INVALID_EXPRESSION"
  | "KINGLET_ERR_POLICY_ENGINE_UNAVAILABLE"
  | "KINGLET_ERR_POLICY_ENGINE_LIMIT"
  | "KINGLET_ERR_POLICY_ENGINE_INVALID_RULE"
  | "KINGLET_ERR_POLICY_ENGINE_EVALUATION"
  | "KINGLET_ERR_POLICY_ENGINE_ARGUMENT"
  | "KINGLET_ERR_POLICY_ENGINE_COST";

/**
 * Error codes of the policy engine. The first four also appear as `code` of a {@link ExpressionProblem}, where the text says
 * which expression and which position is meant.
 *
 * @public
 */
export const policyEngineErrors: Readonly<Record<PolicyEngineErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_POLICY_ENGINE_INVALID_EXPRESSION: {
    message: "expression {expression} is invalid: {reason}",
    retryable: false,
    remedy:
      "Correct the expression at the position named; the field and function tables are in the policy-engine README.",
  },
  KINGLET_ERR_POLICY_ENGINE_UNAVAILABLE: {
    message: "expression {expression} cannot run here: {reason}",
    retryable: false,
    remedy: "Disable the rule or rewrite it without that name; a rule is never evaluated with a guessed answer.",
  },
  KINGLET_ERR_POLICY_ENGINE_LIMIT: {
    message: "expression {expression} exceeds a limit: {reason}",
    retryable: false,
    remedy: "Split the rule into several or shorten the expression.",
  },
  KINGLET_ERR_POLICY_ENGINE_INVALID_RULE: {
    message: "rule {rule} is invalid: {reason}",
    retryable: false,
    remedy: "Correct the field named; permitted values are in the text.",
  },
  KINGLET_ERR_POLICY_ENGINE_EVALUATION: {
    message: "expression {expression} failed on an event: {reason}",
    retryable: false,
    remedy: "Guard the expression against values of another type or absent fields, for instance with has().",
  },
  KINGLET_ERR_POLICY_ENGINE_ARGUMENT: {
    message: "{function} was called with an argument of the wrong type: {reason}",
    retryable: false,
    remedy: "Pass the types that the function table in the policy-engine README states.",
  },
  KINGLET_ERR_POLICY_ENGINE_COST: {
    message: "evaluation stopped after {cost} cost units; the limit is {limit}",
    retryable: false,
    remedy: "Call fewer functions per event, above all inside all(), exists(), filter() and map().",
  },
};
