import type { ErrorCodeEntry } from "@kinglet/errors";

/** A code of this package. @public */
export type AlertSinksErrorCode = "KINGLET_ERR_ALERT_SINKS_STOPPED" | "KINGLET_ERR_ALERT_SINKS_INVALID_OPTION";

/**
 * Error codes of the alert sinks.
 *
 * @public
 */
export const alertSinksErrors: Readonly<Record<AlertSinksErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_ALERT_SINKS_STOPPED: {
    message: "the alert queue is draining and accepts nothing more",
    retryable: false,
    remedy: "Nothing to do: the process is ending; unconfirmed alerts are raised again after the restart.",
  },
  KINGLET_ERR_ALERT_SINKS_INVALID_OPTION: {
    message: "{name} must be {permitted}, got {value}",
    retryable: false,
    remedy: "Pass a value inside the permitted range.",
  },
};
