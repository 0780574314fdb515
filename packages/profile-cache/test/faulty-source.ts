import { createError, type ErrorCodeEntry } from "@kinglet/errors";

import { FakeSource } from "./cache-fixture.ts";

/** What a store in trouble answers; the codes are those of the store adapters. */
export const faults = ["timeout", "404", "409", "410", "429", "500"] as const;

/** @see {@link faults} */
export type Fault = (typeof faults)[number];

const codes: Readonly<Record<"409" | "410" | "429" | "500", string>> = {
  "409": "KINGLET_ERR_STORAGE_CLIENT_CONFLICT",
  "410": "KINGLET_ERR_KUBE_CLIENT_GONE",
  "429": "KINGLET_ERR_KUBE_CLIENT_TOO_MANY_REQUESTS",
  "500": "KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE",
};
const table: Readonly<Record<string, ErrorCodeEntry>> = {
  KINGLET_ERR_STORAGE_CLIENT_CONFLICT: { message: "changed by another writer", retryable: true, remedy: "" },
  KINGLET_ERR_KUBE_CLIENT_GONE: { message: "the version is too old", retryable: true, remedy: "" },
  KINGLET_ERR_KUBE_CLIENT_TOO_MANY_REQUESTS: { message: "too many requests", retryable: true, remedy: "" },
  KINGLET_ERR_STORAGE_CLIENT_UNAVAILABLE: { message: "the store is in trouble", retryable: true, remedy: "" },
};

/** A store that answers at random with one of the faults. */
export class FaultySource extends FakeSource {
  chance = 0;
  /** How often each fault was answered. */
  readonly answered: Map<Fault, number> = new Map();
  readonly #random: () => number;

  constructor(random: () => number) {
    super();
    this.#random = random;
  }

  override getContainerProfile(
    ...call: Parameters<FakeSource["getContainerProfile"]>
  ): ReturnType<FakeSource["getContainerProfile"]> {
    return this.#fault() ?? super.getContainerProfile(...call);
  }
  override getApplicationProfile(
    ...call: Parameters<FakeSource["getApplicationProfile"]>
  ): ReturnType<FakeSource["getApplicationProfile"]> {
    return this.#fault() ?? super.getApplicationProfile(...call);
  }
  override getNetworkNeighborhood(
    ...call: Parameters<FakeSource["getNetworkNeighborhood"]>
  ): ReturnType<FakeSource["getNetworkNeighborhood"]> {
    return this.#fault() ?? super.getNetworkNeighborhood(...call);
  }

  #fault(): Promise<undefined> | undefined {
    if (this.#random() >= this.chance) return undefined;
    const fault = faults[Math.floor(this.#random() * faults.length)] ?? "500";
    this.answered.set(fault, (this.answered.get(fault) ?? 0) + 1);
    if (fault === "404") return Promise.resolve(undefined);
    if (fault === "timeout") return new Promise(() => {});
    return Promise.reject(createError(table, codes[fault], {}));
  }
}
