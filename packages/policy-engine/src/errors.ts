import type { ErrorCodeEntry } from "@kinglet/errors";

/** A code of this package. @public */
export type PolicyEngineErrorCode =
  | "KINGLET_ERR_POLICY_ENGINE_INVALID_EXPRESSION"
  | "KINGLET_ERR_POLICY_ENGINE_UNAVAILABLE"
  | "KINGLET_ERR_POLICY_ENGINE_LIMIT"
  | "KINGLET_ERR_POLICY_ENGINE_INVALID_RULE"
  | "KINGLET_ERR_POLICY_ENGINE_EVALUATION"
  | "KINGLET_ERR_POLICY_ENGINE_ARGUMENT"
  | "KINGLET_ERR_POLICY_ENGINE_COST"
  | "KINGLET_ERR_POLICY_ENGINE_POLICY_SHAPE"
  | "KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_FIELD"
  | "KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_NAME"
  | "KINGLET_ERR_POLICY_ENGINE_POLICY_VALUE"
  | "KINGLET_ERR_POLICY_ENGINE_POLICY_CRITERION"
  | "KINGLET_ERR_POLICY_ENGINE_POLICY_COMBINATION"
  | "KINGLET_ERR_POLICY_ENGINE_POLICY_LIMIT";

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
  KINGLET_ERR_POLICY_ENGINE_POLICY_SHAPE: {
    message: "policy {policy}: {path} is missing or of the wrong type: {reason}",
    retryable: false,
    remedy: "Write the field as docs/policies.md describes it.",
  },
  KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_FIELD: {
    message: "policy {policy}: {path} is not a field of a SecurityPolicy",
    retryable: false,
    remedy: "Remove the field or correct its spelling; a field that is not understood is never ignored.",
  },
  KINGLET_ERR_POLICY_ENGINE_POLICY_UNKNOWN_NAME: {
    message: "policy {policy}: {path} is {value}; permitted are {permitted}",
    retryable: false,
    remedy: "Use one of the permitted names; case matters.",
  },
  KINGLET_ERR_POLICY_ENGINE_POLICY_VALUE: {
    message: "policy {policy}: {path} is {value}: {reason}",
    retryable: false,
    remedy: "Write the value as the criteria table of docs/policies.md describes it.",
  },
  KINGLET_ERR_POLICY_ENGINE_POLICY_CRITERION: {
    message: "policy {policy}: {path} cannot be used like this: {reason}",
    retryable: false,
    remedy: "See in the criteria table of docs/policies.md where the criterion is allowed and what it goes with.",
  },
  KINGLET_ERR_POLICY_ENGINE_POLICY_COMBINATION: {
    message: "policy {policy}: {path} does not go with the rest of the policy: {reason}",
    retryable: false,
    remedy: "Change one of the two fields named; docs/policies.md lists what goes together.",
  },
  KINGLET_ERR_POLICY_ENGINE_POLICY_LIMIT: {
    message: "policy {policy}: {path} is larger than allowed: {reason}",
    retryable: false,
    remedy: "Split the policy into several.",
  },
};
