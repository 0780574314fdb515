import { createError } from "@kinglet/errors";

import { assertAtLeast } from "./assert-at-least.ts";
import { lifecycleErrors } from "./errors.ts";

/**
 * Which entry gives way when the queue is full: the one that arrives, or the one that waited longest.
 *
 * @public
 */
export type DropVictim = "newest" | "oldest";

/**
 * Settings of a {@link BoundedQueue}.
 *
 * @public
 */
export interface BoundedQueueOptions<T> {
  /** Upper bound of waiting entries, 1 … 2^30. */
  readonly maxEntries: number;
  /** What happens to an entry that finds the queue full; a function decides per arriving entry. @defaultValue "newest" */
  readonly dropPolicy?: DropVictim | ((arriving: T) => DropVictim);
  /** Told about each dropped entry, after it left; must not throw. */
  readonly onDrop?: (entry: T) => void;
}

interface Taker<T> {
  readonly resolve: (entry: T) => void;
  readonly reject: (reason: unknown) => void;
}

const smallestCapacity = 16;

/**
 * A queue between a producer that cannot wait and a consumer that can: never more than `maxEntries`, every loss is counted.
 *
 * Guarantees: first in, first out; takers are served in order of arrival; what was accepted before `close` can still be taken.
 *
 * Cost: `offer` and `take` O(1) amortised; the ring starts at 16 slots, grows by doubling and is released when it runs empty.
 *
 * @public
 */
export class BoundedQueue<T> {
  readonly #maxEntries: number;
  readonly #dropPolicy: DropVictim | ((arriving: T) => DropVictim);
  readonly #onDrop: ((entry: T) => void) | undefined;
  /** Ring whose length is a power of two, so that an index wraps with a mask. */
  #ring: (T | undefined)[] = [];
  #head = 0;
  #size = 0;
  #dropped = 0;
  #isClosed = false;
  /** Non-empty only while the ring is empty. */
  readonly #takers = new Set<Taker<T>>();

  /** @throws `KINGLET_ERR_LIFECYCLE_INVALID_OPTION` */
  constructor(options: BoundedQueueOptions<T>) {
    assertAtLeast("maxEntries", options.maxEntries, 1);
    this.#maxEntries = options.maxEntries;
    this.#dropPolicy = options.dropPolicy ?? "newest";
    this.#onDrop = options.onDrop;
  }

  /** Entries that wait. */
  get size(): number {
    return this.#size;
  }

  /** Entries lost so far, whichever the policy chose, and those offered after `close`. */
  get dropped(): number {
    return this.#dropped;
  }

  /** True when the next `offer` would drop something. */
  get isFull(): boolean {
    return this.#size >= this.#maxEntries;
  }

  /**
   * Adds an entry, never waits.
   *
   * @returns whether this entry was accepted; with "oldest" it is, and another one was lost if the queue was full.
   */
  offer(entry: T): boolean {
    if (this.#isClosed) return this.#drop(entry);
    for (const taker of this.#takers) {
      this.#takers.delete(taker);
      taker.resolve(entry);
      return true;
    }
    if (this.#size < this.#maxEntries) {
      this.#push(entry);
      return true;
    }
    const victim = typeof this.#dropPolicy === "function" ? this.#dropPolicy(entry) : this.#dropPolicy;
    if (victim === "newest") return this.#drop(entry);
    const oldest = this.#shift();
    this.#push(entry);
    this.#drop(oldest);
    return true;
  }

  /** The next entry, or undefined when there is none now. */
  tryTake(): T | undefined {
    return this.#size === 0 ? undefined : this.#shift();
  }

  /**
   * The next entry; waits for one.
   *
   * @param options - `signal`: ends the wait; no entry is lost by that.
   * @throws the signal's reason, or `KINGLET_ERR_LIFECYCLE_STOPPED` when the queue is closed and empty.
   */
  take(options: { readonly signal?: AbortSignal } = {}): Promise<T> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      if (this.#size > 0) {
        resolve(this.#shift());
        return;
      }
      if (this.#isClosed) {
        reject(closedError());
        return;
      }
      const taker: Taker<T> = {
        resolve: (entry) => {
          signal?.removeEventListener("abort", onAbort);
          resolve(entry);
        },
        reject: (reason) => {
          signal?.removeEventListener("abort", onAbort);
          reject(reason);
        },
      };
      const onAbort = (): void => {
        this.#takers.delete(taker);
        reject(signal?.reason as Error);
      };
      this.#takers.add(taker);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Accepts nothing more; what waits can still be taken, and takers of an empty queue are rejected. Safe to call twice. */
  close(): void {
    this.#isClosed = true;
    for (const taker of this.#takers) taker.reject(closedError());
    this.#takers.clear();
  }

  #drop(entry: T): false {
    this.#dropped++;
    this.#onDrop?.(entry);
    return false;
  }

  #push(entry: T): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = entry;
    this.#size++;
  }

  #shift(): T {
    // Callers checked that the queue is not empty, so the slot holds an entry.
    const entry = this.#ring[this.#head] as T;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#size--;
    if (this.#size === 0 && this.#ring.length > smallestCapacity) {
      this.#ring = [];
      this.#head = 0;
    }
    return entry;
  }

  #grow(): void {
    const old = this.#ring;
    const grown: (T | undefined)[] = [];
    for (let index = 0; index < this.#size; index++) grown.push(old[(this.#head + index) & (old.length - 1)]);
    const capacity = Math.max(smallestCapacity, old.length * 2);
    while (grown.length < capacity) grown.push(undefined);
    this.#ring = grown;
    this.#head = 0;
  }
}

function closedError(): Error {
  return createError(lifecycleErrors, "KINGLET_ERR_LIFECYCLE_STOPPED", { name: "queue", reason: "it is closed" });
}
