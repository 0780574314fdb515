import type { ErrorTable } from "@kinglet/errors";

/**
 * Error codes of the program itself.
 *
 * @public
 */
export const kingletErrors = {
  KINGLET_ERR_KINGLET_INSTALL_NOT_OURS: {
    message: "{path} exists and is not a link to {target}: nothing was changed there",
    retryable: false,
    remedy: "Move the file away or choose another folder.",
  },
  KINGLET_ERR_KINGLET_INSTALL_FAILED: {
    message: "cannot make the link {path}: {reason}",
    retryable: false,
    remedy: "Check that the folder can be created and written by this user.",
  },
  KINGLET_ERR_KINGLET_STATE_DIR: {
    message: "state folder {path} cannot be used: {reason}",
    retryable: false,
    remedy: "Name a folder that this user can create and write, with --state-dir or KINGLET_STATE_DIR.",
  },
} as const satisfies ErrorTable;
