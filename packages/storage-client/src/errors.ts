import type { ErrorCodeEntry } from "@kinglet/errors";

/** Codes of this package. @public */
export type StorageErrorCode =
  | "KINGLET_ERR_STORAGE_CLIENT_NOT_FOUND"
  | "KINGLET_ERR_STORAGE_CLIENT_CONFLICT"
  | "KINGLET_ERR_STORAGE_CLIENT_TOO_LARGE"
  | "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE"
  | "KINGLET_ERR_STORAGE_CLIENT_INVALID";

/**
 * Error codes of `@kinglet/storage-client`, the same for every store.
 *
 * @public
 */
export const storageErrors: Readonly<Record<StorageErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_STORAGE_CLIENT_NOT_FOUND: {
    message: "{object} does not exist in {store}",
    retryable: false,
    remedy: "Somebody deleted the object since it was read: write it without a resourceVersion to create it again.",
  },
  KINGLET_ERR_STORAGE_CLIENT_CONFLICT: {
    message: "{object} was changed by another writer in {store}",
    retryable: true,
    remedy: "Read it again, merge, and write with the new resourceVersion.",
  },
  KINGLET_ERR_STORAGE_CLIENT_TOO_LARGE: {
    message: "{object} is too large for {store}: {problem}",
    retryable: false,
    remedy: "Collapse the profile, or raise the limit of the store.",
  },
  KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE: {
    message: "{store} cannot answer for {object}: {problem}",
    retryable: true,
    remedy: "Look at the state of the store and at the permissions of the process.",
  },
  KINGLET_ERR_STORAGE_CLIENT_INVALID: {
    message: "{object} in {store} cannot be used: {problem}",
    retryable: false,
    remedy: "Correct the object; the message names what is wrong with it.",
  },
};
