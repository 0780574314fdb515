import { createError } from "@kinglet/errors";
import { loggerErrors } from "./errors.ts";
import type { LogLevel } from "./logger.ts";

/**
 * All levels, most severe first.
 *
 * @public
 */
export const logLevels: readonly LogLevel[] = ["fatal", "error", "warn", "info", "debug"];

/**
 * Reads a level, upper or lower case.
 *
 * @returns `undefined` when the text is no level.
 *
 * @public
 */
export function tryParseLogLevel(text: string): LogLevel | undefined {
  const level = text.trim().toLowerCase() as LogLevel;
  return logLevels.includes(level) ? level : undefined;
}

/**
 * Reads `module=level,module=level`.
 *
 * One malformed pair refuses the whole text, so that a typing error never leaves half of a debugging session configured.
 *
 * @throws `KINGLET_ERR_LOGGER_MODULE_LEVELS`.
 *
 * @public
 */
export function parseModuleLevels(text: string): ReadonlyMap<string, LogLevel> {
  const levels = new Map<string, LogLevel>();
  if (text.trim() === "") return levels;
  for (const pair of text.split(",")) {
    const at = pair.indexOf("=");
    const module = pair.slice(0, Math.max(at, 0)).trim();
    const level = at < 0 ? undefined : tryParseLogLevel(pair.slice(at + 1));
    if (module === "" || level === undefined) {
      throw createError(loggerErrors, "KINGLET_ERR_LOGGER_MODULE_LEVELS", { text, pair });
    }
    levels.set(module, level);
  }
  return levels;
}
