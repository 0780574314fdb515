import type { DeepReadonly } from "./deep-readonly.ts";
import type { KubeObject } from "./kube-object.ts";

/**
 * What happens to one object, as a listener sees it. All members are optional; one that returns a promise is waited for before the next call.
 *
 * @public
 */
export interface InformerHandler<T> {
  /** @param options - `isInInitialList`: it was there before this handler was told that it is in sync (`onSynced`). */
  onAdd?(object: DeepReadonly<T>, options: { readonly isInInitialList: boolean }): void | Promise<void>;
  /** @param old - the state delivered before this one; the same object when the informer re-delivers (`resyncMs`). */
  onUpdate?(object: DeepReadonly<T>, old: DeepReadonly<T>): void | Promise<void>;
  /**
   * @param object - the last content known: with `tombstone` false what the server sent with the deletion, with true the last state
   * that was seen before the deletion was missed (it may be stale).
   */
  onDelete?(object: DeepReadonly<T>, options: { readonly tombstone: boolean }): void | Promise<void>;
  /** The first complete list has been delivered to this handler. Once. */
  onSynced?(): void | Promise<void>;
}

/** One change of one object as the handler is to see it; nothing in it: the first list is complete. */
interface Delivery<T> {
  readonly old: T | undefined;
  readonly now: T | undefined;
  /** The content that the server sent with a deletion. */
  readonly last: T | undefined;
}

/** Deliveries kept for a handler that is busy. Beyond them it gets the difference between what it saw and what there is then. */
const MAX_WAITING = 1000;

/** Key of the mark that the first list is complete; no object has it, since names hold no line feed. */
const SYNCED = "\n";

/** What a queue needs of its informer. */
export interface HandlerQueueOptions<T> {
  /** The state of an object in the store. */
  readonly current: (key: string) => T | undefined;
  readonly keyOf: (object: T) => string;
  readonly onError: (error: unknown) => void;
  /** The handler has fallen so far behind that states will be left out. */
  readonly onBehind: () => void;
}

/**
 * Delivers to one handler in order, one call at a time: while it has returned a promise that is pending, what follows waits.
 *
 * A handler that returns nothing is called inline and never queues. For one that is busy, up to 1,000 deliveries wait as they are. Beyond that the queue
 * turns into a table of what the handler saw last of each object that has changed since: when the handler comes back it gets, per object, one delivery
 * from that state to the one in the store. So a queue holds at most what the handler has seen plus what the store holds, nothing is forgotten, and nobody
 * else waits. Exceptions are handed to `onError` and delivery goes on.
 */
export class HandlerQueue<T extends KubeObject> {
  readonly #handler: InformerHandler<T>;
  readonly #options: HandlerQueueOptions<T>;
  #pending: Delivery<T>[] = [];
  /** By key, in the order of the first change that was left out: the state delivered last; undefined for an object that was never shown. */
  #behind: Map<string, T | undefined> | undefined;
  #isBusy = false;
  #isPaused = false;
  #isEnded = false;
  /** The handler has been told that the first list is complete. */
  isSynced = false;

  constructor(handler: InformerHandler<T>, options: HandlerQueueOptions<T>) {
    this.#handler = handler;
    this.#options = options;
  }

  /** Deliveries that wait; while behind, objects that have changed. */
  get length(): number {
    return this.#pending.length + (this.#behind?.size ?? 0);
  }

  /** Deliveries have been replaced by a comparison that is still to be made. */
  get isBehind(): boolean {
    return this.#behind !== undefined;
  }

  /**
   * @param last - the content sent with a deletion; without it and without `now` the deletion was missed.
   */
  push(old: T | undefined, now: T | undefined, last?: T): void {
    if (this.#isEnded) return;
    if (old !== undefined && now !== undefined && old.metadata.uid !== now.metadata.uid) {
      this.push(old, undefined);
      this.push(undefined, now);
      return;
    }
    if (this.#behind !== undefined) this.#mark(old, now);
    else if (this.#isBusy || this.#isPaused || this.#pending.length > 0) this.#enqueue({ old, now, last });
    else this.#deliver(old, now, last);
  }

  /** The first list has been pushed. */
  pushSynced(): void {
    this.push(undefined, undefined);
  }

  /** Nothing is delivered after this returns until `resume`; a call that is under way finishes. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#drain();
  }

  /** Nothing is delivered any more. */
  end(): void {
    this.#isEnded = true;
    this.#pending = [];
    this.#behind = undefined;
  }

  #enqueue(delivery: Delivery<T>): void {
    this.#pending.push(delivery);
    if (this.#pending.length <= MAX_WAITING) return;
    this.#behind = new Map();
    for (const { old, now } of this.#pending) this.#mark(old, now);
    this.#pending = [];
    // A handler of an informer that does not run is not slow.
    if (!this.#isPaused) this.#options.onBehind();
  }

  /** Only the first change counts: `old` is then what the handler has seen. */
  #mark(old: T | undefined, now: T | undefined): void {
    const { keyOf, current } = this.#options;
    const object = old ?? now;
    const key = object === undefined ? SYNCED : keyOf(object);
    const behind = this.#behind!; // the callers have looked
    if (!behind.has(key)) behind.set(key, old);
    // Never shown and gone again: were it kept, objects that come and go would add up.
    else if (now === undefined && key !== SYNCED && behind.get(key) === undefined && current(key) === undefined) {
      behind.delete(key);
    }
  }

  #drain(): void {
    let taken = 0;
    while (!this.#isBusy && !this.#isPaused && !this.#isEnded) {
      const next = this.#pending[taken];
      if (next !== undefined) {
        taken++;
        this.#deliver(next.old, next.now, next.last);
      } else if (this.#behind === undefined || !this.#deliverDifference(this.#behind)) break;
    }
    // One cut instead of a shift per delivery keeps a long backlog linear.
    if (taken > 0 && !this.#isEnded) this.#pending = this.#pending.slice(taken);
  }

  /** Brings the handler up to date with one object; false when there was none left. */
  #deliverDifference(behind: Map<string, T | undefined>): boolean {
    for (const [key, seen] of behind) {
      behind.delete(key);
      if (key === SYNCED) {
        this.#deliver(undefined, undefined, undefined);
        return true;
      }
      const now = this.#options.current(key);
      // Never shown and gone again. What is shown still, and was seen, waits for a re-delivery.
      if (now === undefined && seen === undefined) return true;
      if (seen !== undefined && now !== undefined && seen.metadata.uid !== now.metadata.uid) {
        behind.set(key, undefined);
        this.#deliver(seen, undefined, undefined);
      } else this.#deliver(seen, now, undefined);
      return true;
    }
    this.#behind = undefined;
    return false;
  }

  #deliver(old: T | undefined, now: T | undefined, last: T | undefined): void {
    try {
      const pending = this.#call(old, now, last);
      // Not `instanceof`: promises of other libraries are waited for too.
      if (typeof pending?.then !== "function") return;
      this.#isBusy = true;
      Promise.resolve(pending)
        .catch(this.#options.onError)
        .finally(() => {
          this.#isBusy = false;
          this.#drain();
        })
        // Only `onError`, which is ours, could fail here.
        .catch(this.#options.onError);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #call(
    old: DeepReadonly<T> | undefined,
    now: DeepReadonly<T> | undefined,
    last: DeepReadonly<T> | undefined,
  ): void | Promise<void> | undefined {
    if (now !== undefined) {
      return old === undefined
        ? this.#handler.onAdd?.(now, { isInInitialList: !this.isSynced })
        : this.#handler.onUpdate?.(now, old);
    }
    if (old !== undefined) return this.#handler.onDelete?.(last ?? old, { tombstone: last === undefined });
    this.isSynced = true;
    return this.#handler.onSynced?.();
  }
}
