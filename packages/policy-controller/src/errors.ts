import type { ErrorCodeEntry } from "@kinglet/errors";

/** Codes of this package. @public */
export type PolicyControllerErrorCode = "KINGLET_ERR_POLICY_CONTROLLER_ISSUE" | "KINGLET_ERR_POLICY_CONTROLLER_WORK";

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
  KINGLET_ERR_POLICY_CONTROLLER_WORK: {
    message: "work on {task} cannot be done in a process of its own: {reason}",
    retryable: true,
    remedy:
      "Look whether the container has memory and processes left for a second process of some 60 MB; it is tried again.",
  },
};
