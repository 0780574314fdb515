import type { ErrorCodeEntry } from "./kinglet-error.ts";

/** Codes of this package. @public */
export type ErrorsErrorCode = "KINGLET_ERR_ERRORS_FOREIGN";

/**
 * Error codes of `@kinglet/errors`.
 *
 * @public
 */
export const errorsErrors: Readonly<Record<ErrorsErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_ERRORS_FOREIGN: {
    message: "{description}",
    retryable: false,
    remedy: "This fault has no code of its own; please report it with the lines around it.",
  },
};
