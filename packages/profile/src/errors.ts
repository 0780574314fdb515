import type { ErrorCodeEntry } from "@kinglet/errors";

/** Codes of this package. @public */
export type ProfileErrorCode =
  | "KINGLET_ERR_PROFILE_INVALID"
  | "KINGLET_ERR_PROFILE_TOO_LARGE"
  | "KINGLET_ERR_PROFILE_INVALID_INSTANCE_ID"
  | "KINGLET_ERR_PROFILE_INVALID_SLUG"
  | "KINGLET_ERR_PROFILE_OTHER_OBJECT";

/**
 * Error codes of `@kinglet/profile`.
 *
 * @public
 */
export const profileErrors: Readonly<Record<ProfileErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_PROFILE_INVALID: {
    message: "{name} is not a valid {kind}: {problems}",
    retryable: false,
    remedy: "Correct the fields that are named; the details hold every problem, up to the first 50.",
  },
  KINGLET_ERR_PROFILE_TOO_LARGE: {
    message: "{name}: {what} has {actual} entries, at most {limit} are read",
    retryable: false,
    remedy: "Collapse the profile (wildcards for paths) or split the container's work.",
  },
  KINGLET_ERR_PROFILE_INVALID_INSTANCE_ID: {
    message: "instance id: {problem}",
    retryable: false,
    remedy: "Give the owner's API version, kind and name and the pod's namespace; none may be empty.",
  },
  KINGLET_ERR_PROFILE_INVALID_SLUG: {
    message: "{text} cannot be the name of a Kubernetes object",
    retryable: false,
    remedy: "Kind, owner name and container name may hold letters, digits, dots and dashes only.",
  },
  KINGLET_ERR_PROFILE_OTHER_OBJECT: {
    message: "{left} and {right} are different objects, they cannot be joined",
    retryable: false,
    remedy: "Join profiles of one name and namespace only; use an overlay to add what another object says.",
  },
};
