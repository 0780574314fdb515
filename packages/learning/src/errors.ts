import type { ErrorCodeEntry } from "@kinglet/errors";

/** Codes of this package. @public */
export type LearningErrorCode =
  | "KINGLET_ERR_LEARNING_LOCKED"
  | "KINGLET_ERR_LEARNING_QUEUE"
  | "KINGLET_ERR_LEARNING_RUNNING";

/**
 * Error codes of `@kinglet/learning`.
 *
 * @public
 */
export const learningErrors: Readonly<Record<LearningErrorCode, ErrorCodeEntry>> = {
  KINGLET_ERR_LEARNING_LOCKED: {
    message: "what was learned cannot be kept in {path}: {holder} keeps its own there",
    retryable: true,
    remedy: "Stop that process, or give this one a state folder of its own (--state-dir); nothing has to be removed.",
  },
  KINGLET_ERR_LEARNING_QUEUE: {
    message: "what was learned cannot be kept in {path}: {problem}",
    retryable: true,
    remedy: "Look at the free space and the permissions of the queue directory.",
  },
  KINGLET_ERR_LEARNING_RUNNING: {
    message: "the learner runs already, or has ended",
    retryable: false,
    remedy: "Call run once; open another learner after it has ended.",
  },
};
