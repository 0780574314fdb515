import { createError } from "@kinglet/errors";
import { endpointsErrors } from "./errors.ts";

/**
 * One thing that must be in order before work can be accepted.
 *
 * @public
 */
export interface ReadinessCondition {
  ready(): void;
  /** `reason`: one sentence for people, without secrets. */
  notReady(reason: string): void;
  /** Takes the condition out, e.g. when its part was closed. */
  remove(): void;
}

/**
 * Collects why a process is not ready. Ready means that every registered condition is; without conditions it is ready.
 *
 * @public
 */
export interface ReadinessRegistry {
  /**
   * Adds a condition that is not ready, for `initialReason`.
   *
   * @throws `KINGLET_ERR_ENDPOINTS_READINESS_NAME` when the name is taken.
   */
  register(name: string, initialReason: string): ReadinessCondition;
  readonly isReady: boolean;
  /** The conditions that are not ready, in the order of registration. */
  reasons(): readonly { readonly name: string; readonly reason: string }[];
  /** All conditions; `reason` is empty for those that are ready. */
  conditions(): readonly { readonly name: string; readonly reason: string }[];
  /** Called after each change of `isReady`. Returns the function that removes the listener. */
  onChange(listener: (isReady: boolean) => void): () => void;
}

/** @public */
export function createReadiness(): ReadinessRegistry {
  return new ConditionTable();
}

class ConditionTable implements ReadinessRegistry {
  /** Reason by name; empty when ready. */
  readonly #reasons = new Map<string, string>();
  readonly #listeners = new Set<(isReady: boolean) => void>();
  #wasReady = true;

  get isReady(): boolean {
    for (const reason of this.#reasons.values()) if (reason !== "") return false;
    return true;
  }

  register(name: string, initialReason: string): ReadinessCondition {
    if (this.#reasons.has(name)) throw createError(endpointsErrors, "KINGLET_ERR_ENDPOINTS_READINESS_NAME", { name });
    this.#set(name, initialReason || "not ready yet");
    return {
      ready: () => this.#set(name, ""),
      notReady: (reason) => this.#set(name, reason || "not ready"),
      remove: () => {
        this.#reasons.delete(name);
        this.#announce();
      },
    };
  }

  reasons(): readonly { readonly name: string; readonly reason: string }[] {
    return this.conditions().filter(({ reason }) => reason !== "");
  }

  conditions(): readonly { readonly name: string; readonly reason: string }[] {
    return Array.from(this.#reasons, ([name, reason]) => ({ name, reason }));
  }

  onChange(listener: (isReady: boolean) => void): () => void {
    const own = (isReady: boolean): void => listener(isReady);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  #set(name: string, reason: string): void {
    this.#reasons.set(name, reason);
    this.#announce();
  }

  #announce(): void {
    const { isReady } = this;
    if (isReady === this.#wasReady) return;
    this.#wasReady = isReady;
    for (const listener of this.#listeners) listener(isReady);
  }
}
