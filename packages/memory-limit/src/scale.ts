import { createError, type KingletError } from "@kinglet/errors";
import { memoryLimitErrors } from "./errors.ts";
import { parseByteSize } from "./parse-byte-size.ts";

/** Sizes are written for a container of 4,000 MiB. */
const referenceBytes = 4_194_304_000;

/**
 * What sizes are scaled by.
 *
 * @public
 */
export interface ScaleSource {
  /** The limit as text of `KINGLET_MEMLIMIT`, or bytes (see `readMemoryLimit`); `undefined`: none is known. */
  readonly limit: string | number | undefined;
  /** Largest factor. @defaultValue 3 */
  readonly ceiling?: number;
}

/**
 * Scales a size that was chosen for 4,000 MiB to the memory limit: `min(round(limit / 4,000 MiB × n), ceiling × n)`, at least 1.
 *
 * @param n - whole, 0 or more; 0 stays 0.
 * @returns `value`; with `error` (`KINGLET_ERR_MEMORY_LIMIT_INVALID`, `…_ZERO`) it is `n` unscaled, and the error is for a warning. Never
 * throws.
 *
 * @public
 */
export function scale(n: number, source: ScaleSource): { readonly value: number; readonly error?: KingletError } {
  const { limit, ceiling = 3 } = source;
  if (limit === undefined || limit === "") return { value: n };
  let bytes: number;
  try {
    bytes = typeof limit === "number" ? limit : parseByteSize(limit);
  } catch (error) {
    return { value: n, error: error as KingletError };
  }
  if (bytes === 0) return { value: n, error: createError(memoryLimitErrors, "KINGLET_ERR_MEMORY_LIMIT_ZERO") };
  const scaled = Math.round((bytes / referenceBytes) * n);
  return { value: Math.min(Math.max(scaled, 1), ceiling * n) };
}

/**
 * The size to use for a setting: a value that somebody chose stays, the default is scaled.
 *
 * @returns as {@link scale}.
 *
 * @public
 */
export function scaleUnlessChanged(
  value: number,
  defaultValue: number,
  source: ScaleSource,
): { readonly value: number; readonly error?: KingletError } {
  return value === defaultValue ? scale(value, source) : { value };
}
