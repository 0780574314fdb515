import type { ErrorCodeEntry } from "@kinglet/errors";

/** Codes of this package. @public */
export type LifecycleErrorCode =
  | "KINGLET_ERR_LIFECYCLE_INVALID_OPTION"
  | "KINGLET_ERR_LIFECYCLE_STOPPED"
  | "KINGLET_ERR_LIFECYCLE_TIMEOUT";

/**
 * Error codes of `@kinglet/lifecycle`; the first two are also the typed reasons to abort a signal with.
 *
 * @public
 */
export const lifecycleErrors: Readonly<Record<LifecycleErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_LIFECYCLE_STOPPED: {
    message: "{name} stopped: {reason}",
    retryable: false,
    remedy: "Nothing to do: the process or this part of it was asked to end.",
  },
  KINGLET_ERR_LIFECYCLE_TIMEOUT: {
    message: "{name} took longer than {timeoutMs} ms",
    retryable: true,
    remedy: "Try again; if it stays slow, look at the load of the other side or raise the limit.",
  },
  KINGLET_ERR_LIFECYCLE_INVALID_OPTION: {
    message: "{name} must be {permitted}, got {value}",
    retryable: false,
    remedy: "Pass a value inside the permitted range.",
  },
};
