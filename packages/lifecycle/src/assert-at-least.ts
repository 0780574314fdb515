import { createError } from "@kinglet/errors";

import { lifecycleErrors } from "./errors.ts";

/**
 * Checks a number given as an option, once, at the edge.
 *
 * @throws `KINGLET_ERR_LIFECYCLE_INVALID_OPTION` when it is not a number of at least `min`.
 * @internal
 */
export function assertAtLeast(name: string, value: number, min: number): void {
  if (value >= min) return;
  throw createError(lifecycleErrors, "KINGLET_ERR_LIFECYCLE_INVALID_OPTION", {
    name,
    permitted: `a number of at least ${min}`,
    value: String(value),
  });
}
