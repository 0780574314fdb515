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
} as const satisfies ErrorTable;
