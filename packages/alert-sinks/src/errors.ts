import type { ErrorCodeEntry } from "@kinglet/errors";

import { invalidOption, stopped } from "./queue-errors.ts";

/** A code of this package. @public */
export type AlertSinksErrorCode =
  | "KINGLET_ERR_ALERT_SINKS_STOPPED"
  | "KINGLET_ERR_ALERT_SINKS_INVALID_OPTION"
  | "KINGLET_ERR_ALERT_SINKS_INVALID_SETTING"
  | "KINGLET_ERR_ALERT_SINKS_INVALID_SETTINGS"
  | "KINGLET_ERR_ALERT_SINKS_UNUSABLE_FILE"
  | "KINGLET_ERR_ALERT_SINKS_CLOSED"
  | "KINGLET_ERR_ALERT_SINKS_BUSY"
  | "KINGLET_ERR_ALERT_SINKS_UNREACHABLE"
  | "KINGLET_ERR_ALERT_SINKS_UNAVAILABLE"
  | "KINGLET_ERR_ALERT_SINKS_REJECTED"
  | "KINGLET_ERR_ALERT_SINKS_FILE"
  | "KINGLET_ERR_ALERT_SINKS_STATE_UNWRITABLE"
  | "KINGLET_ERR_ALERT_SINKS_STATE_DAMAGED";

/**
 * Error codes of the alert sinks.
 *
 * @public
 */
export const alertSinksErrors: Readonly<Record<AlertSinksErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_ALERT_SINKS_STOPPED: stopped,
  KINGLET_ERR_ALERT_SINKS_INVALID_OPTION: invalidOption,
  KINGLET_ERR_ALERT_SINKS_INVALID_SETTING: {
    message: "setting {key} of the {exporter} exporter must be {permitted}",
    retryable: false,
    remedy: "Correct the setting; the value is not shown because it may hold a credential.",
  },
  KINGLET_ERR_ALERT_SINKS_INVALID_SETTINGS: {
    message: "receivers of alerts: {problems}",
    retryable: false,
    remedy: "Correct the settings; values are not shown because they may hold credentials.",
  },
  KINGLET_ERR_ALERT_SINKS_UNUSABLE_FILE: {
    message: "{setting} cannot be used: {reason}",
    retryable: false,
    remedy: "Name a file that this user can read (authorities, credentials) or write (CSV), in a folder that is there.",
  },
  KINGLET_ERR_ALERT_SINKS_CLOSED: {
    message: "{name} is closed",
    retryable: false,
    remedy: "Nothing to do: the process is ending.",
  },
  KINGLET_ERR_ALERT_SINKS_BUSY: {
    message: "{waiting} requests wait for a connection already",
    retryable: true,
    remedy: "Look for a receiver that answers slowly, or raise the number of connections.",
  },
  KINGLET_ERR_ALERT_SINKS_UNREACHABLE: {
    message: "{target} cannot be reached: {reason}",
    retryable: true,
    remedy:
      "Check address, network policy, certificate authority and whether the receiver runs; alerts wait meanwhile.",
  },
  KINGLET_ERR_ALERT_SINKS_UNAVAILABLE: {
    message: "{target} answered {status}: {answer}",
    retryable: true,
    remedy: "The receiver is overloaded or broken; alerts wait and are sent again.",
  },
  KINGLET_ERR_ALERT_SINKS_REJECTED: {
    message: "{target} refused with {status}: {answer}",
    retryable: false,
    remedy: "Check path, credentials and the receiver's limits; what it refused is not sent again.",
  },
  KINGLET_ERR_ALERT_SINKS_FILE: {
    message: "alert file {path} cannot be written: {reason}",
    retryable: true,
    remedy: "Create the folder, make it writable for the user of the process, or free space.",
  },
  KINGLET_ERR_ALERT_SINKS_STATE_UNWRITABLE: {
    message: "{path} cannot be written: {reason}",
    retryable: true,
    remedy: "Free space or make the state folder writable; until then a crash would lose what waits in memory.",
  },
  KINGLET_ERR_ALERT_SINKS_STATE_DAMAGED: {
    message: "{path} is damaged: {damaged} records cannot be read",
    retryable: false,
    remedy:
      "Look for a failing disk or for who else writes there; the file is kept beside under another name, the rest of it is used.",
  },
};
