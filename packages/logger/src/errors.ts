/**
 * Error codes of this package.
 *
 * @public
 */
export const loggerErrors = {
  KINGLET_ERR_LOGGER_LEVEL: {
    message: "log level {level} is unknown, use one of fatal, error, warn, info, debug",
    retryable: false,
    remedy: "Use one of fatal, error, warn, info, debug.",
  },
  KINGLET_ERR_LOGGER_MODULE_LEVELS: {
    message: "module levels {text} are malformed at {pair}, none was applied",
    retryable: false,
    remedy: "Write module=level pairs separated by commas, e.g. kube-client=debug,detection=warn.",
  },
  KINGLET_ERR_LOGGER_FILE: {
    message: "log file {path} cannot be opened: {reason}",
    retryable: false,
    remedy: "Create the directory, make it writable for the user of the process, or switch the log file off.",
  },
  KINGLET_ERR_LOGGER_WRITE: {
    message: "writing to {target} failed: {reason}",
    retryable: true,
    remedy: "Free space on the device, or look at what reads the stream.",
  },
  KINGLET_ERR_LOGGER_CLOSED: {
    message: "{target} is closed: {reason}",
    retryable: false,
    remedy: "The reader of the stream went away; start the program again with a reader.",
  },
} as const;
