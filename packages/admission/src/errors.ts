import type { ErrorCodeEntry } from "@kinglet/errors";

/** A code of this package. @public */
export type AdmissionErrorCode =
  | "KINGLET_ERR_ADMISSION_REVIEW"
  | "KINGLET_ERR_ADMISSION_CERTIFICATE"
  | "KINGLET_ERR_ADMISSION_IMAGE_FILE"
  | "KINGLET_ERR_ADMISSION_POLICIES"
  | "KINGLET_ERR_ADMISSION_ADDRESS";

/**
 * Error codes of the admission webhook.
 *
 * @public
 */
export const admissionErrors: Readonly<Record<AdmissionErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_ADMISSION_REVIEW: {
    message: "the request is no AdmissionReview that can be answered: {reason}",
    retryable: false,
    remedy: "Let only the API server call the webhook, with admissionReviewVersions v1 or v1beta1.",
  },
  KINGLET_ERR_ADMISSION_CERTIFICATE: {
    message: "the serving certificate {path} cannot be used: {reason}",
    retryable: true,
    remedy:
      "Put a PEM certificate chain and the key that belongs to it into the folder; they are read again when they change.",
  },
  KINGLET_ERR_ADMISSION_IMAGE_FILE: {
    message: "the image metadata file {path} cannot be used: {reason}",
    retryable: true,
    remedy: "Write one JSON object whose keys are image references; docs/admission.md shows one.",
  },
  KINGLET_ERR_ADMISSION_POLICIES: {
    message: "the policies from {source} cannot be used: {reason}",
    retryable: true,
    remedy: "Look at the log of the config-controller; what was loaded before stays in force meanwhile.",
  },
  KINGLET_ERR_ADMISSION_ADDRESS: {
    message: "the webhook cannot listen on {bind}: {reason}",
    retryable: false,
    remedy:
      "Use an address of this machine and a free port that the process may open (1024 and up without privileges).",
  },
};
