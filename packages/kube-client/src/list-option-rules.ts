import { createError } from "@kinglet/errors";
import { kubeClientErrors } from "./errors.ts";
import type { ListOptions, WatchOptions } from "./kube-client.ts";

/**
 * Refuses what the API server refuses of a list, before anything is sent.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_ARGUMENT naming the option.
 * @see kubernetes/apimachinery `pkg/apis/meta/internalversion/validation`, the server's rules.
 */
export function assertListOptions(options: ListOptions): void {
  const { resourceVersion = "", resourceVersionMatch: match, limit } = options;
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 0)) {
    throw refused("limit", `${limit} is not a whole number from 0`);
  }
  // Not in the type of a list, but callers without types exist.
  if ((options as WatchOptions).sendInitialEvents !== undefined) throw refused("sendInitialEvents", "is for watches");
  if (match === undefined) return;
  if (match !== "Exact" && match !== "NotOlderThan") {
    throw refused("resourceVersionMatch", `${JSON.stringify(match)} is neither "Exact" nor "NotOlderThan"`);
  }
  if (resourceVersion === "") throw refused("resourceVersionMatch", "needs a resourceVersion");
  if (match === "Exact" && resourceVersion === "0") {
    throw refused("resourceVersionMatch", '"Exact" needs a version other than "0"');
  }
}

/**
 * Refuses what the API server refuses of a watch, before anything is sent.
 *
 * @throws KINGLET_ERR_KUBE_CLIENT_ARGUMENT naming the option.
 * @see kubernetes/apimachinery `pkg/apis/meta/internalversion/validation`, the server's rules.
 */
export function assertWatchOptions(options: WatchOptions): void {
  const { resourceVersionMatch: match, sendInitialEvents, timeoutSeconds } = options;
  if (timeoutSeconds !== undefined && !(Number.isSafeInteger(timeoutSeconds) && timeoutSeconds >= 0)) {
    throw refused("timeoutSeconds", `${timeoutSeconds} is not a whole number from 0`);
  }
  if (sendInitialEvents !== undefined && match !== "NotOlderThan") {
    throw refused("sendInitialEvents", 'needs resourceVersionMatch "NotOlderThan"');
  }
  if (match !== undefined && sendInitialEvents === undefined) {
    throw refused("resourceVersionMatch", "is for watches with sendInitialEvents only");
  }
}

function refused(option: string, problem: string): Error {
  return createError(kubeClientErrors, "KINGLET_ERR_KUBE_CLIENT_ARGUMENT", { what: option, problem });
}
