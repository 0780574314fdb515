import { createError } from "@kinglet/errors";
import { systemClock, type Clock } from "@kinglet/lifecycle";
import { loggerErrors } from "./errors.ts";
import { createConsoleFormat, formatJson, type FormatLine } from "./format-line.ts";
import { openLineWriter, type LineWriter } from "./line-writer.ts";
import { LogFiles } from "./log-files.ts";
import { tryParseLogLevel } from "./log-level.ts";
import type { LogFields, LogLevel, Logger } from "./logger.ts";
import { ModuleLogger, type LogOutput } from "./module-logger.ts";
import type { LogFileOptions } from "./rotating-file.ts";

/**
 * Choices of {@link openLogging}.
 *
 * @public
 */
export interface LoggingOptions {
  /** Level of modules without one of their own. @defaultValue "info" */
  readonly level?: LogLevel;
  /** Levels by module name, also for modules that do not exist yet (see `parseModuleLevels`). */
  readonly moduleLevels?: ReadonlyMap<string, LogLevel>;
  /** @defaultValue "console" */
  readonly format?: "console" | "json";
  /** Colours the level; console format only. @defaultValue false */
  readonly color?: boolean;
  /** Where lines go. @defaultValue 2 */
  readonly fd?: number;
  /** A rotating file beside the descriptor, never coloured. */
  readonly file?: LogFileOptions;
  /** Shares open log files with other loggings of this process. @defaultValue one of its own */
  readonly files?: LogFiles;
  /** @defaultValue the system's */
  readonly clock?: Clock;
}

/**
 * The logging of one process: hands out module loggers and writes their lines.
 *
 * Guarantees: one line per call, in order, never interleaved; no call of a logger throws or waits; lines that find the buffer
 * (1 MiB) full are dropped, counted, and announced by a line of their own later. Lines carry no caller: finding it costs a
 * stack capture of some 5 µs per line.
 *
 * @public
 */
export interface Logging extends AsyncDisposable {
  /** The logger of a module; the same object for the same name. Cost: one object below 1 KB, no descriptor. */
  logger(module: string): Logger;
  /**
   * Changes levels while running: without `modules` the level of all modules, present and future; with `modules` of those.
   *
   * Known modules change even if others are not known.
   *
   * @returns the modules that changed and the named ones that do not exist.
   * @throws `KINGLET_ERR_LOGGER_LEVEL` for an unknown level; nothing changed then.
   */
  setLevel(
    level: string,
    modules?: readonly string[],
  ): { readonly changed: readonly string[]; readonly unknown: readonly string[] };
  /** The level of modules to come, and of each module that exists. */
  levels(): { readonly level: LogLevel; readonly modules: Readonly<Record<string, LogLevel>> };
  /** Writes one line at level `fatal`, synchronously as far as possible; for the last words of a process. */
  fatal(module: string, message: string, fields?: LogFields): void;
  /** Resolves when all lines so far were handed to the kernel or given up. Never rejects. */
  flush(): Promise<void>;
  /** Best effort on the way out of the process. */
  flushSync(): void;
  /** Lines given up so far. */
  readonly dropped: number;
}

/**
 * Opens the logging of a process. A log file that cannot be opened is reported as one line, logging goes on without it.
 *
 * @public
 */
export function openLogging(options: LoggingOptions = {}): Logging {
  return new ProcessLogging(options);
}

class ProcessLogging implements Logging, LogOutput {
  readonly #loggers = new Map<string, ModuleLogger>();
  readonly #clock: Clock;
  readonly #format: FormatLine;
  readonly #fileFormat: FormatLine;
  readonly #writer: LineWriter;
  readonly #file: { readonly writer: LineWriter; release(): Promise<void> } | undefined;
  #level: LogLevel;
  #moduleLevels: ReadonlyMap<string, LogLevel>;
  #announcedDrops = 0;

  constructor(options: LoggingOptions) {
    const { level = "info", format = "console", color = false, fd = 2, clock = systemClock } = options;
    this.#clock = clock;
    this.#level = level;
    this.#moduleLevels = options.moduleLevels ?? new Map<string, LogLevel>();
    this.#format = format === "json" ? formatJson : createConsoleFormat(color);
    this.#fileFormat = format === "json" || !color ? this.#format : createConsoleFormat(false);
    this.#writer = openLineWriter({ fd, clock });
    this.#file = this.#tryOpenFile(options);
  }

  get dropped(): number {
    return this.#writer.dropped + (this.#file?.writer.dropped ?? 0);
  }

  logger(module: string): Logger {
    let logger = this.#loggers.get(module);
    if (logger === undefined) {
      logger = new ModuleLogger(module, this.#moduleLevels.get(module) ?? this.#level, this);
      this.#loggers.set(module, logger);
    }
    return logger;
  }

  setLevel(
    level: string,
    modules?: readonly string[],
  ): { readonly changed: readonly string[]; readonly unknown: readonly string[] } {
    const parsed = tryParseLogLevel(level);
    if (parsed === undefined) throw createError(loggerErrors, "KINGLET_ERR_LOGGER_LEVEL", { level });
    const names = modules === undefined || modules.length === 0 ? [...this.#loggers.keys()] : modules;
    if (names !== modules) {
      this.#level = parsed;
      this.#moduleLevels = new Map();
    }
    const changed: string[] = [];
    const unknown: string[] = [];
    for (const name of names) {
      const logger = this.#loggers.get(name);
      if (logger === undefined) {
        unknown.push(name);
      } else {
        logger.level = parsed;
        changed.push(name);
      }
    }
    return { changed, unknown };
  }

  levels(): { readonly level: LogLevel; readonly modules: Readonly<Record<string, LogLevel>> } {
    const modules: [string, LogLevel][] = [];
    for (const [name, logger] of this.#loggers) modules.push([name, logger.level]);
    return { level: this.#level, modules: Object.fromEntries(modules.sort(([a], [b]) => (a < b ? -1 : 1))) };
  }

  emit(module: string, level: LogLevel, message: string, fields: LogFields | undefined): void {
    try {
      const timeMs = this.#clock.now();
      // Callers in plain JavaScript exist.
      const text = typeof message === "string" ? message : String(message);
      const line = this.#format(timeMs, module, level, text, fields);
      const isTaken = this.#writer.tryWrite(line);
      if (isTaken && this.#writer.dropped > this.#announcedDrops) this.#announceDrops(timeMs);
      if (this.#file !== undefined) {
        const same = this.#fileFormat === this.#format;
        this.#file.writer.tryWrite(same ? line : this.#fileFormat(timeMs, module, level, text, fields));
      }
    } catch {
      // A logger that throws would turn every report of a fault into a second fault.
    }
  }

  fatal(module: string, message: string, fields?: LogFields): void {
    this.emit(module, "fatal", message, fields);
    this.flushSync();
  }

  async flush(): Promise<void> {
    await this.#writer.flush();
    await this.#file?.writer.flush();
  }

  flushSync(): void {
    this.#writer.flushSync();
    this.#file?.writer.flushSync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.release();
    await this.#writer[Symbol.asyncDispose]();
  }

  #announceDrops(timeMs: number): void {
    const count = this.#writer.dropped - this.#announcedDrops;
    this.#announcedDrops = this.#writer.dropped;
    this.#writer.tryWrite(
      this.#format(timeMs, "logger", "warn", "log lines dropped, the reader of this stream is slow", { count }),
    );
  }

  #tryOpenFile(options: LoggingOptions): { readonly writer: LineWriter; release(): Promise<void> } | undefined {
    if (options.file === undefined) return undefined;
    try {
      return (options.files ?? new LogFiles(this.#clock)).open(options.file);
    } catch (error) {
      this.emit("logger", "warn", "no log file", { error });
      return undefined;
    }
  }
}
