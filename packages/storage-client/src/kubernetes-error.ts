import { createError, hasCode, type KingletError } from "@kinglet/errors";

import type { CallSubject } from "./call-budget.ts";
import { storageErrors, type StorageErrorCode } from "./errors.ts";

/**
 * What a store says for an error of the client; other errors are passed through.
 *
 * @internal
 */
export function toStorageError(subject: CallSubject, error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return error;
  if (!error.code.startsWith("KINGLET_ERR_KUBE_CLIENT_")) return error;
  const details = { ...subject, problem: error.message };
  return createError(storageErrors, storageCode(error.code, error), details, { cause: error });
}

/**
 * True when the server says that an object is not there. A server that does not know the resource says so in other words, or without a Status.
 *
 * @internal
 */
export function isMissingObject(error: unknown): boolean {
  return isNotFound(error) && !isMissingResource(error);
}

/** True when the server does not know the resource, or leaves open which of the two it does not know. @internal */
export function isMissingResource(error: unknown): boolean {
  if (!hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND")) return false;
  return !isNotFound(error) || /could not find the requested resource/.test((error as Error).message);
}

function isNotFound(error: unknown): boolean {
  return (
    hasCode(error, "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND") &&
    error instanceof Error &&
    (error as KingletError).details["reason"] === "NotFound"
  );
}

function storageCode(code: string, error: Error): StorageErrorCode {
  const { details = {} } = error as Partial<KingletError>;
  if (code.endsWith("_VERSION_TOO_LARGE")) return "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE";
  // 413 from the API server, or one of the two limits of etcd, which arrive as server errors: of a request, and of what the API server sends it.
  const isTooLarge = /request is too large|trying to send message larger than max/i.test(error.message);
  if (details["status"] === 413 || code.endsWith("_TOO_LARGE") || isTooLarge) {
    return "KINGLET_ERR_STORAGE_CLIENT_TOO_LARGE";
  }
  switch (code) {
    case "KINGLET_ERR_KUBE_CLIENT_NOT_FOUND":
      return isMissingObject(error) ? "KINGLET_ERR_STORAGE_CLIENT_NOT_FOUND" : "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE";
    case "KINGLET_ERR_KUBE_CLIENT_CONFLICT":
    case "KINGLET_ERR_KUBE_CLIENT_ALREADY_EXISTS":
      return "KINGLET_ERR_STORAGE_CLIENT_CONFLICT";
    case "KINGLET_ERR_KUBE_CLIENT_INVALID":
    case "KINGLET_ERR_KUBE_CLIENT_ARGUMENT":
      return "KINGLET_ERR_STORAGE_CLIENT_INVALID";
    default:
      return "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE";
  }
}
