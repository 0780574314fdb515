import type { Clock } from "@kinglet/lifecycle";
import type { LogFields, Logger } from "@kinglet/logger";

/** At least this long between two warnings: a store that fails now and then would fill the log. */
const WARNING_INTERVAL_MS = 60_000;

/**
 * Tells once that the store fails and once that it answers again.
 *
 * @internal
 */
export class OutageLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  /** True from a warning until the store answers. */
  #isTold = false;
  /** When it was warned about last, monotonic milliseconds. */
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  failed(fields: LogFields): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#isTold || nowMs - this.#toldAtMs < WARNING_INTERVAL_MS) {
      this.#logger.debug("the profile store failed again", fields);
      return;
    }
    this.#logger.warn("the profile store fails: profiles may be old or missing", fields);
    this.#isTold = true;
    this.#toldAtMs = nowMs;
  }

  answered(): void {
    if (this.#isTold) this.#logger.info("the profile store answers again");
    this.#isTold = false;
  }
}
