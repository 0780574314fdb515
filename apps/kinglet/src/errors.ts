import type { ErrorTable } from "@kinglet/errors";

/**
 * Error codes of the program itself.
 *
 * @public
 */
export const kingletErrors = {
  KINGLET_ERR_KINGLET_INSTALL_NOT_OURS: {
    message: "{path} exists and is not a link to {target}: nothing was changed there",
    retryable: false,
    remedy: "Move the file away or choose another folder.",
  },
  KINGLET_ERR_KINGLET_INSTALL_FAILED: {
    message: "cannot make the link {path}: {reason}",
    retryable: false,
    remedy: "Check that the folder can be created and written by this user.",
  },
  KINGLET_ERR_KINGLET_RULES_DIR: {
    message: "folder of rules {path} cannot be used: {reason}",
    retryable: false,
    remedy: "Name a folder with --rules-dir that this user can read.",
  },
  KINGLET_ERR_KINGLET_STATE_DIR: {
    message: "state folder {path} cannot be used: {reason}",
    retryable: false,
    remedy: "Name a folder that this user can create and write, with --state-dir or KINGLET_STATE_DIR.",
  },
  KINGLET_ERR_KINGLET_STDOUT_CLOSED: {
    message: "standard output has no reader any more: {reason}",
    retryable: true,
    remedy: "Start the sensor again with a reader of its alerts; the ones that were not taken are written again.",
  },
  KINGLET_ERR_KINGLET_UNEXPECTED: {
    message: "unexpected fault: {reason}, at {at}",
    retryable: true,
    remedy:
      "Start it again: what was not finished is read again. Please report the line, it shows a defect of the program.",
  },
  KINGLET_ERR_KINGLET_PART_ENDED: {
    message: "{part} ended by itself",
    retryable: true,
    remedy:
      "Start it again: what was not finished is read again. Please report the line, it shows a defect of the program.",
  },
  KINGLET_ERR_KINGLET_HEAP_UNREADABLE: {
    message: "heap snapshot {path} cannot be read: {reason}",
    retryable: false,
    remedy: "Name a regular file that this user can read.",
  },
  KINGLET_ERR_KINGLET_HEAP_COMPRESSED: {
    message: "heap snapshot {path} is compressed with {format}",
    retryable: false,
    remedy: "Unpack it first, for example with gunzip.",
  },
  KINGLET_ERR_KINGLET_HEAP_NOT_A_SNAPSHOT: {
    message: "{path} is not a V8 heap snapshot: {reason}",
    retryable: false,
    remedy: "Take a snapshot with SIGUSR2, the debug endpoint or v8.writeHeapSnapshot() and pass that file unchanged.",
  },
  KINGLET_ERR_KINGLET_HEAP_TRUNCATED: {
    message: "heap snapshot {path} is incomplete: it ends after {bytes} bytes, {where}",
    retryable: false,
    remedy: "Copy it again after the program has finished writing it, and check that the disk was not full.",
  },
  KINGLET_ERR_KINGLET_HEAP_MODULES: {
    message: "module map {path} cannot be used: {reason}",
    retryable: false,
    remedy: "Pass the kinglet.modules.json of the build that made the snapshots, or leave --modules out.",
  },
} as const satisfies ErrorTable;
