/**
 * Error codes of this package.
 *
 * @public
 */
export const memoryLimitErrors = {
  KINGLET_ERR_MEMORY_LIMIT_INVALID: {
    message: "memory limit {text} is not a number of bytes",
    retryable: false,
    remedy: "Write bytes (134217728) or a quantity (128Mi, 500M, 1Gi) into KINGLET_MEMLIMIT, or unset it.",
  },
  KINGLET_ERR_MEMORY_LIMIT_TOO_LOW: {
    message: "memory limit {text} is below {leastMi}Mi, in which nothing of this program runs",
    retryable: false,
    remedy: "Raise KINGLET_MEMLIMIT (was a unit forgotten?), or unset it.",
  },
  KINGLET_ERR_MEMORY_LIMIT_ZERO: {
    message: "memory limit is 0, sizes are not scaled",
    retryable: false,
    remedy: "Set KINGLET_MEMLIMIT to the memory limit of the container, or unset it.",
  },
  KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_DIR_UNSET: {
    message: "no heap snapshot is written: no directory is configured",
    retryable: false,
    remedy: "Set KINGLET_SNAPSHOT_DIR to a directory on a volume that only operators can read.",
  },
  KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_DIR_UNWRITABLE: {
    message: "no heap snapshot is written: {dir} cannot be written to ({reason})",
    retryable: false,
    remedy: "Create the directory and make it writable for the user of the process.",
  },
  KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_MEMORY_SHORT: {
    message: "no heap snapshot is written: it needs about {needBytes} bytes of memory, {availableBytes} are available",
    retryable: true,
    remedy: "Raise the memory limit of the container for the time of the investigation.",
  },
  KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_DISK_SHORT: {
    message: "no heap snapshot is written: it needs about {needBytes} bytes in {dir}, {availableBytes} are available",
    retryable: true,
    remedy: "Free space in the directory or choose another one.",
  },
  KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_BUSY: {
    message: "no heap snapshot is written: another one is under way",
    retryable: true,
    remedy: "Wait for the first one.",
  },
  KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_FAILED: {
    message: "the heap snapshot {path} could not be written: {reason}",
    retryable: true,
    remedy: "Look at the space and the permissions of the directory.",
  },
} as const;
