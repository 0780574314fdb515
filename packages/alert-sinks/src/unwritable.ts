import { createError } from "@kinglet/errors";

import { alertSinksErrors } from "./errors.ts";

/** @internal */
export function unwritable(path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : "unknown";
  return createError(alertSinksErrors, "KINGLET_ERR_ALERT_SINKS_STATE_UNWRITABLE", { path, reason }, { cause });
}
