import type { ErrorCodeEntry } from "@kinglet/errors";

/** Codes of this package. @public */
export type PolicyControllerErrorCode = "KINGLET_ERR_POLICY_CONTROLLER_ISSUE";

/**
 * Error codes of `@kinglet/policy-controller`.
 *
 * @public
 */
export const policyControllerErrors: Readonly<Record<PolicyControllerErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_POLICY_CONTROLLER_ISSUE: {
    message: "certificate {name} cannot be issued: {reason}",
    retryable: true,
    remedy:
      "Look at the clock of the node and at the authority in the Secret kinglet-webhook-ca; deleting that Secret makes a new one.",
  },
};
