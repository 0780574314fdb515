export { loggerErrors } from "./errors.ts";
export { openLineWriter, type LineWriter } from "./line-writer.ts";
export { LogFiles } from "./log-files.ts";
export { logLevels, parseModuleLevels, tryParseLogLevel } from "./log-level.ts";
export { noopLogger, type LogFields, type LogLevel, type Logger } from "./logger.ts";
export { openLogging, type Logging, type LoggingOptions } from "./open-logging.ts";
export { createRateLimitedLogger, type RateLimitedLogger } from "./rate-limited-logger.ts";
export { isSecretName, redact } from "./redact.ts";
export type { LogFileOptions } from "./rotating-file.ts";
