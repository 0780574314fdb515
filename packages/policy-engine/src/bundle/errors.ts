import type { ErrorCodeEntry } from "@kinglet/errors";

/** A code of policy bundles. @public */
export type BundleErrorCode =
  | "KINGLET_ERR_POLICY_ENGINE_BUNDLE_FORMAT"
  | "KINGLET_ERR_POLICY_ENGINE_BUNDLE_HASH"
  | "KINGLET_ERR_POLICY_ENGINE_BUNDLE_TOO_LARGE"
  | "KINGLET_ERR_POLICY_ENGINE_BUNDLE_ENTRY";

/**
 * Error codes of policy bundles. A table of its own: the sensor reads no bundle.
 *
 * @public
 */
export const bundleErrors: Readonly<Record<BundleErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_POLICY_ENGINE_BUNDLE_FORMAT: {
    message: "the policy bundle cannot be read: {reason}",
    retryable: false,
    remedy: "Let the config-controller of the same version write it again; do not edit a bundle by hand.",
  },
  KINGLET_ERR_POLICY_ENGINE_BUNDLE_HASH: {
    message: "the policy bundle is not what its index says: {what} has sha256 {actual}, the index says {expected}",
    retryable: true,
    remedy:
      "While the bundle is being written this passes; if it stays, delete the ConfigMap so that it is written anew.",
  },
  KINGLET_ERR_POLICY_ENGINE_BUNDLE_TOO_LARGE: {
    message: "the policy bundle is too large: {what} has {bytes} bytes, {limitBytes} are allowed",
    retryable: false,
    remedy: "Remove policies, or make their texts shorter.",
  },
  KINGLET_ERR_POLICY_ENGINE_BUNDLE_ENTRY: {
    message: "{kind} {name} cannot be put into a policy bundle: {reason}",
    retryable: false,
    remedy: "Give the object a name that no other object of its kind has in its namespace, and JSON values only.",
  },
};
