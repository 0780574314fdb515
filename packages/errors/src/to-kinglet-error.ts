import { createError } from "./create-error.ts";
import { describeError } from "./describe-error.ts";
import { errorsErrors } from "./errors.ts";
import { KingletError } from "./kinglet-error.ts";

/**
 * Anything that was thrown as an error with a code: one of ours unchanged, also when another copy of this library made it;
 * anything else wrapped as `KINGLET_ERR_ERRORS_FOREIGN` with the original as cause.
 *
 * For the top of a program. Adapters that know what they call convert foreign errors to codes of their own.
 *
 * @public
 */
export function toKingletError(error: unknown): KingletError {
  if (isKingletError(error)) return error;
  return createError(
    errorsErrors,
    "KINGLET_ERR_ERRORS_FOREIGN",
    { description: describeError(error) },
    { cause: error },
  );
}

function isKingletError(error: unknown): error is KingletError {
  if (error instanceof KingletError) return true;
  // A copy of the library has another class, but the same shape.
  return (
    error instanceof Error &&
    error.name === "KingletError" &&
    "code" in error &&
    "retryable" in error &&
    "details" in error
  );
}
