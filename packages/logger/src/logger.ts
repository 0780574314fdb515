/**
 * Severity, most severe first.
 *
 * @public
 */
export type LogLevel = "fatal" | "error" | "warn" | "info" | "debug";

/**
 * Structured values of one log line. Tokens and password-like values are redacted by the writer.
 *
 * @public
 */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Writes one line per call; never throws and never waits.
 *
 * The level check happens before anything is formatted: a disabled level costs one comparison.
 *
 * @public
 */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** True when a line of this level would be written. */
  isEnabled(level: LogLevel): boolean;
}

/**
 * A logger that is switched off.
 *
 * @public
 */
export const noopLogger: Logger = {
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
  isEnabled: () => false,
};
