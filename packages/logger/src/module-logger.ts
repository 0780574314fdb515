import type { LogFields, LogLevel, Logger } from "./logger.ts";

/** Where loggers hand their calls. Never throws. */
export interface LogOutput {
  emit(module: string, level: LogLevel, message: string, fields: LogFields | undefined): void;
}

/** Higher is less severe; a logger writes what is at or below its threshold. */
const levelRank: Readonly<Record<LogLevel, number>> = { fatal: 0, error: 1, warn: 2, info: 3, debug: 4 };

/**
 * The logger of one module: three fields, methods on the prototype. A disabled level costs one comparison.
 *
 * @internal
 */
export class ModuleLogger implements Logger {
  level: LogLevel;
  readonly #module: string;
  readonly #output: LogOutput;

  constructor(module: string, level: LogLevel, output: LogOutput) {
    this.level = level;
    this.#module = module;
    this.#output = output;
  }

  error(message: string, fields?: LogFields): void {
    if (levelRank[this.level] >= 1) this.#output.emit(this.#module, "error", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    if (levelRank[this.level] >= 2) this.#output.emit(this.#module, "warn", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    if (levelRank[this.level] >= 3) this.#output.emit(this.#module, "info", message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    if (levelRank[this.level] >= 4) this.#output.emit(this.#module, "debug", message, fields);
  }

  isEnabled(level: LogLevel): boolean {
    return levelRank[this.level] >= levelRank[level];
  }
}
