import type { ErrorCodeEntry } from "@kinglet/errors";

/** Codes of this package. @public */
export type RuntimeEventsErrorCode =
  | "KINGLET_ERR_RUNTIME_EVENTS_NOT_A_FILE"
  | "KINGLET_ERR_RUNTIME_EVENTS_UNREADABLE"
  | "KINGLET_ERR_RUNTIME_EVENTS_CHECKPOINT_CORRUPT"
  | "KINGLET_ERR_RUNTIME_EVENTS_CHECKPOINT_UNWRITABLE"
  | "KINGLET_ERR_RUNTIME_EVENTS_OPTION"
  | "KINGLET_ERR_RUNTIME_EVENTS_RUNNING";

/** Error table of this package. @public */
export const runtimeEventsErrors: Readonly<Record<RuntimeEventsErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_RUNTIME_EVENTS_NOT_A_FILE: {
    message: "event file {path} is a {found}, not a file",
    retryable: false,
    remedy: "Name the export file itself, for example /var/log/tetragon/tetragon.log.",
  },
  KINGLET_ERR_RUNTIME_EVENTS_UNREADABLE: {
    message: "event file {path} cannot be read: {reason}",
    retryable: false,
    remedy:
      "Give this process read access to the file and its folder (Tetragon writes it with mode 0600, owned by root).",
  },
  KINGLET_ERR_RUNTIME_EVENTS_CHECKPOINT_CORRUPT: {
    message: "checkpoint {path} cannot be used: {reason}",
    retryable: false,
    remedy: "Nothing to do: reading begins as if there were none, and the file is replaced.",
  },
  KINGLET_ERR_RUNTIME_EVENTS_CHECKPOINT_UNWRITABLE: {
    message: "checkpoint {path} cannot be written: {reason}",
    retryable: true,
    remedy: "Give this process write access to the checkpoint's folder and room on its disk.",
  },
  KINGLET_ERR_RUNTIME_EVENTS_OPTION: {
    message: "{option} is {value}, allowed is {range}",
    retryable: false,
    remedy: "Correct the setting.",
  },
  KINGLET_ERR_RUNTIME_EVENTS_RUNNING: {
    message: "the source of {path} is running or has been disposed of",
    retryable: false,
    remedy: "Run a source once at a time.",
  },
};
