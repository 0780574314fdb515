export { createError } from "./create-error.ts";
export { describeError } from "./describe-error.ts";
export { errorsErrors, type ErrorsErrorCode } from "./errors.ts";
export { hasCode } from "./has-code.ts";
export { KingletError, type ErrorCodeEntry, type ErrorDetails, type ErrorTable } from "./kinglet-error.ts";
export { retiredCodes } from "./retired-codes.ts";
export { toKingletError } from "./to-kinglet-error.ts";
