import type { LogFields, Logger, LogLevel } from "@kinglet/logger";

/** One line that was logged. */
export interface CapturedLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that remembers its lines instead of writing them. */
export interface CapturedLogger extends Logger {
  readonly lines: readonly CapturedLine[];
  /** Messages of one level, or of all. */
  messages(level?: LogLevel): string[];
  clear(): void;
}

/** Makes a logger with every level on. */
export function createCapturedLogger(): CapturedLogger {
  const lines: CapturedLine[] = [];
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      lines.push({ level, message, fields });
    };
  return {
    lines,
    error: at("error"),
    warn: at("warn"),
    info: at("info"),
    debug: at("debug"),
    isEnabled: () => true,
    messages: (level) =>
      lines.filter((line) => level === undefined || line.level === level).map((line) => line.message),
    clear: () => {
      lines.length = 0;
    },
  };
}
