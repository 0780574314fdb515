import { createError } from "@kinglet/errors";

import { policyEngineErrors } from "./errors.ts";

/**
 * Adds up what the functions of one evaluation cost.
 *
 * @internal
 */
export class CostMeter {
  readonly #limit: number;
  #cost = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Starts the next evaluation. */
  reset(): void {
    this.#cost = 0;
  }

  /** @throws KINGLET_ERR_POLICY_ENGINE_COST as soon as the sum passes the limit, and at every call after that. */
  charge(cost: number): void {
    this.#cost += cost;
    this.assertWithin();
  }

  /** @throws KINGLET_ERR_POLICY_ENGINE_COST */
  assertWithin(): void {
    if (this.#cost <= this.#limit) return;
    throw createError(policyEngineErrors, "KINGLET_ERR_POLICY_ENGINE_COST", { cost: this.#cost, limit: this.#limit });
  }
}
