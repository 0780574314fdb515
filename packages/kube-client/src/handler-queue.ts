/**
 * What happens to one object, as a listener sees it. All members are optional; one that returns a promise is waited for before the next call.
 *
 * @public
 */
export interface InformerHandler<T> {
  onAdd?(object: T): void | Promise<void>;
  /** @param old - the state delivered before this one. */
  onUpdate?(object: T, old: T): void | Promise<void>;
  /**
   * @param object - the last content known: with `tombstone` false what the server sent with the deletion, with true the last state
   * that was seen before the deletion was missed (it may be stale).
   */
  onDelete?(object: T, options: { readonly tombstone: boolean }): void | Promise<void>;
  /** The first complete list has been delivered to this handler. Once. */
  onSynced?(): void | Promise<void>;
}

/** One delivery; `old` is set for updates only. */
interface Delivery<T> {
  readonly kind: "add" | "update" | "delete" | "tombstone" | "synced";
  readonly object: T | undefined;
  readonly old: T | undefined;
}

/**
 * Delivers to one handler in order, one at a time: while it has returned a promise that is pending, what follows waits.
 *
 * A handler that returns nothing is called inline and never queues. Exceptions are handed to `onError` and delivery goes on.
 */
export class HandlerQueue<T> {
  readonly #handler: InformerHandler<T>;
  readonly #onError: (error: unknown) => void;
  readonly #onProgress: () => void;
  #pending: Delivery<T>[] = [];
  #isBusy = false;
  #isPaused = false;

  /** @param onProgress - called whenever something that waited has been taken up. */
  constructor(handler: InformerHandler<T>, onError: (error: unknown) => void, onProgress: () => void) {
    this.#handler = handler;
    this.#onError = onError;
    this.#onProgress = onProgress;
  }

  /** Deliveries that wait. */
  get length(): number {
    return this.#pending.length;
  }

  push(kind: Delivery<T>["kind"], object?: T, old?: T): void {
    if (this.#isBusy || this.#isPaused || this.#pending.length > 0) this.#pending.push({ kind, object, old });
    else this.#deliver(kind, object, old);
  }

  /** Nothing is delivered after this returns until `resume`; a call that is under way finishes. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#drain();
  }

  /** Forgets what waits. */
  clear(): void {
    this.#pending = [];
  }

  #drain(): void {
    let taken = 0;
    while (!this.#isBusy && !this.#isPaused && taken < this.#pending.length) {
      const { kind, object, old } = this.#pending[taken++]!; // taken < length
      this.#deliver(kind, object, old);
    }
    // One cut instead of a shift per delivery keeps a long backlog linear. `clear` may have replaced the list meanwhile.
    if (taken > 0) {
      this.#pending = this.#pending.slice(taken);
      this.#onProgress();
    }
  }

  #deliver(kind: Delivery<T>["kind"], object: T | undefined, old: T | undefined): void {
    try {
      const pending = this.#call(kind, object as T, old as T);
      if (!(pending instanceof Promise)) return;
      this.#isBusy = true;
      pending
        .catch(this.#onError)
        .finally(() => {
          this.#isBusy = false;
          this.#drain();
        })
        // Only `onError` and `onProgress`, which are ours, could fail here.
        .catch(this.#onError);
    } catch (error) {
      this.#onError(error);
    }
  }

  #call(kind: Delivery<T>["kind"], object: T, old: T): void | Promise<void> | undefined {
    switch (kind) {
      case "add":
        return this.#handler.onAdd?.(object);
      case "update":
        return this.#handler.onUpdate?.(object, old);
      case "delete":
        return this.#handler.onDelete?.(object, { tombstone: false });
      case "tombstone":
        return this.#handler.onDelete?.(object, { tombstone: true });
      case "synced":
        return this.#handler.onSynced?.();
    }
  }
}
