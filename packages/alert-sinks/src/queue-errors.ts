import type { ErrorCodeEntry } from "@kinglet/errors";

/** @internal */
export const stopped: ErrorCodeEntry = {
  message: "the alert queue is draining and accepts nothing more",
  retryable: false,
  remedy: "Nothing to do: the process is ending; unconfirmed alerts are raised again after the restart.",
};

/** @internal */
export const invalidOption: ErrorCodeEntry = {
  message: "{name} must be {permitted}, got {value}",
  retryable: false,
  remedy: "Pass a value inside the permitted range.",
};

/** Rows of the queue alone, so that a program without exporters does not carry the rows of those. @internal */
export const alertQueueErrors: {
  readonly KINGLET_ERR_ALERT_SINKS_STOPPED: ErrorCodeEntry;
  readonly KINGLET_ERR_ALERT_SINKS_INVALID_OPTION: ErrorCodeEntry;
} = {
  KINGLET_ERR_ALERT_SINKS_STOPPED: stopped,
  KINGLET_ERR_ALERT_SINKS_INVALID_OPTION: invalidOption,
};
