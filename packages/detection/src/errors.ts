import type { ErrorCodeEntry } from "@kinglet/errors";

/** A code of this package. @public */
export type DetectionErrorCode =
  | "KINGLET_ERR_DETECTION_NOT_PREPARED"
  | "KINGLET_ERR_DETECTION_DUPLICATE_RULE"
  | "KINGLET_ERR_DETECTION_INVALID_BINDING";

/**
 * Error codes of detection.
 *
 * @public
 */
export const detectionErrors: Readonly<Record<DetectionErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_DETECTION_NOT_PREPARED: {
    message: "an event of container {containerId} reached the rules before they were prepared",
    retryable: true,
    remedy: "Await prepare() before the first event is delivered.",
  },
  KINGLET_ERR_DETECTION_DUPLICATE_RULE: {
    message: "rule {ruleId} is given twice",
    retryable: false,
    remedy: "Give every rule an id of its own.",
  },
  KINGLET_ERR_DETECTION_INVALID_BINDING: {
    message: "binding {binding} is invalid: {reason}",
    retryable: false,
    remedy: "Correct the fields named; until then the binding holds as it was before, and a new one not at all.",
  },
};
