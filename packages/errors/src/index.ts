export { createError } from "./create-error.ts";
export { hasCode } from "./has-code.ts";
export { KingletError, type ErrorCodeEntry, type ErrorDetails, type ErrorTable } from "./kinglet-error.ts";
