import type { ErrorCodeEntry } from "@kinglet/errors";

/** Codes of this package. @public */
export type LazySchemaErrorCode =
  | "KINGLET_ERR_LAZY_SCHEMA_CYCLE"
  | "KINGLET_ERR_LAZY_SCHEMA_CONFLICT"
  | "KINGLET_ERR_LAZY_SCHEMA_UNKNOWN_NAME"
  | "KINGLET_ERR_LAZY_SCHEMA_BUILD_FAILED"
  | "KINGLET_ERR_LAZY_SCHEMA_INVALID_VALUE";

/**
 * Error codes of `@kinglet/lazy-schema`.
 *
 * @public
 */
export const lazySchemaErrors: Readonly<Record<LazySchemaErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_LAZY_SCHEMA_CYCLE: {
    message: "{what} needs itself: {cycle}",
    retryable: false,
    remedy: "Break the cycle: one of the parts must not use the other while it is built.",
  },
  KINGLET_ERR_LAZY_SCHEMA_CONFLICT: {
    message: "{kind} {name} is registered by {origin} and, differently, by {otherOrigin}",
    retryable: false,
    remedy: "Give one of the two another name, or register the same definition in both places.",
  },
  KINGLET_ERR_LAZY_SCHEMA_UNKNOWN_NAME: {
    message: "nothing is registered under {name}{neededBy}",
    retryable: false,
    remedy: "Register it first, or correct the name.",
  },
  KINGLET_ERR_LAZY_SCHEMA_BUILD_FAILED: {
    message: "{count} registered definitions do not build: {summary}",
    retryable: false,
    remedy: "Correct the definitions; the message of each failure is listed in the details.",
  },
  KINGLET_ERR_LAZY_SCHEMA_INVALID_VALUE: {
    message: "{what} is not valid: {summary}",
    retryable: false,
    remedy: "Correct the values; all problems are listed in the details.",
  },
};
