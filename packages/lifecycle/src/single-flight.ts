import { createError } from "@kinglet/errors";

import { assertAtLeast } from "./assert-at-least.ts";
import { systemClock, type Clock } from "./clock.ts";
import { lifecycleErrors } from "./errors.ts";
import { untilAborted } from "./until-aborted.ts";
import { withTimeout } from "./with-timeout.ts";

interface Flight<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  callers: number;
}

/**
 * Several callers that want the same thing at the same time share one task.
 *
 * Guarantees: one task per key at a time; a caller whose signal fires leaves alone, the others still get the result; the task's
 * own signal fires when the last caller has left or the deadline passes, and from then on a new call starts a new task. Results
 * and failures are shared by those who wait, and not remembered afterwards.
 *
 * @public
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();
  readonly #timeoutMs: number | undefined;
  readonly #clock: Clock;

  /**
   * @param options - `timeoutMs`: deadline of each task, 1 … 2^31-1, default none; `clock`: default the system's.
   */
  constructor(options: { readonly timeoutMs?: number; readonly clock?: Clock } = {}) {
    if (options.timeoutMs !== undefined) assertAtLeast("timeoutMs", options.timeoutMs, 1);
    this.#timeoutMs = options.timeoutMs;
    this.#clock = options.clock ?? systemClock;
  }

  /** How many tasks are under way. */
  get size(): number {
    return this.#flights.size;
  }

  /**
   * Joins the task of `key`, or starts it.
   *
   * @param key - calls with the same key share; the task of the first one runs.
   * @param task - does the work; should honour the signal it is given.
   * @param options - `signal`: this caller's own.
   * @throws the signal's reason, `KINGLET_ERR_LIFECYCLE_TIMEOUT`, or what the task throws.
   */
  async run(
    key: string,
    task: (signal: AbortSignal) => Promise<T> | T,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    options.signal?.throwIfAborted();
    const flight = this.#flights.get(key) ?? this.#start(key, task);
    flight.callers++;
    try {
      return await untilAborted(flight.result, options.signal);
    } finally {
      flight.callers--;
      if (flight.callers === 0 && this.#flights.get(key) === flight) {
        this.#flights.delete(key);
        flight.controller.abort(
          createError(lifecycleErrors, "KINGLET_ERR_LIFECYCLE_STOPPED", { name: key, reason: "no caller is left" }),
        );
      }
    }
  }

  #start(key: string, task: (signal: AbortSignal) => Promise<T> | T): Flight<T> {
    const controller = new AbortController();
    const flight: Flight<T> = { result: this.#fly(key, task, controller, () => flight), controller, callers: 0 };
    this.#flights.set(key, flight);
    // Every caller may have left before a failure arrives; without this it would count as unhandled.
    flight.result.catch(() => {});
    return flight;
  }

  async #fly(
    key: string,
    task: (signal: AbortSignal) => Promise<T> | T,
    controller: AbortController,
    self: () => Flight<T>,
  ): Promise<T> {
    // One turn later, so that the flight is in the map before a task that returns at once is done.
    await Promise.resolve();
    try {
      if (this.#timeoutMs === undefined) return await task(controller.signal);
      using deadline = withTimeout(this.#timeoutMs, { signal: controller.signal, clock: this.#clock, name: key });
      return await untilAborted(Promise.resolve(task(deadline)), deadline);
    } finally {
      if (this.#flights.get(key) === self()) this.#flights.delete(key);
    }
  }
}
