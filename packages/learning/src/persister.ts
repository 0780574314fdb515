import { createError, describeError } from "@kinglet/errors";
import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Counter } from "@kinglet/metrics";
import { learningErrors } from "./errors.ts";
import type { LearningQueue } from "./learning-queue.ts";
import type { LearningTimings } from "./learning-timings.ts";

/** What a persister works with. @internal */
export interface PersisterOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timings: LearningTimings;
  readonly queueDir?: string | undefined;
}

/**
 * Decides when the queue directory is written: a moment after something changed, so that what comes together is written together.
 *
 * @internal
 */
export class Persister {
  readonly #queue: LearningQueue;
  readonly #options: PersisterOptions;
  readonly #errors: Counter<"kind">;
  #dueMs: number = Number.POSITIVE_INFINITY;
  /** Writes that are under way, or wait for the one that is. */
  #busy = 0;
  #problem = "";

  constructor(queue: LearningQueue, options: PersisterOptions, errors: Counter<"kind">) {
    this.#queue = queue;
    this.#options = options;
    this.#errors = errors;
  }

  /** Why the last attempt failed; empty when it did not. */
  get problem(): string {
    return this.#problem;
  }

  /** Monotonic time of the next write; infinite when there is nothing to write, or a write is under way. */
  dueMs(): number {
    if (this.#busy > 0 || !this.#queue.isDirty) return Number.POSITIVE_INFINITY;
    if (this.#dueMs === Number.POSITIVE_INFINITY) {
      this.#dueMs = this.#options.clock.monotonicMs() + this.#options.timings.persistDelayMs;
    }
    return this.#dueMs;
  }

  /** Writes what the directory lacks, once a write that is under way has ended. Never rejects: what failed is due again after a pause. */
  async persist(): Promise<void> {
    this.#busy += 1;
    this.#dueMs = Number.POSITIVE_INFINITY;
    try {
      await this.#queue.persist();
      this.#problem = "";
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#busy -= 1;
    }
  }

  #failed(error: unknown): void {
    const { queueDir = "", logger, clock, timings } = this.#options;
    const problem = describeError(error);
    if (this.#problem === "") {
      const details = { path: queueDir, problem };
      const wrapped = createError(learningErrors, "KINGLET_ERR_LEARNING_QUEUE", details, { cause: error });
      logger.error("what was learned is not persisted, events wait", { error: wrapped });
    }
    this.#problem = problem;
    this.#errors.add(1, { kind: "write" });
    this.#dueMs = clock.monotonicMs() + timings.retryMs;
  }
}
