import { createError } from "@kinglet/errors";
import { runtimeEventsErrors } from "./errors.ts";

/** @returns the value. @throws KINGLET_ERR_RUNTIME_EVENTS_OPTION @internal */
export function assertBetween(option: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw optionError(option, value, `${min} ... ${max}`);
}

/** KINGLET_ERR_RUNTIME_EVENTS_OPTION @internal */
export function optionError(option: string, value: unknown, range: string): Error {
  return createError(runtimeEventsErrors, "KINGLET_ERR_RUNTIME_EVENTS_OPTION", { option, value, range });
}
