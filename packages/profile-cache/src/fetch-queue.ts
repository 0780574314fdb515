/**
 * How much an entry is waited for: `first`, a new container has no profile yet; `awaited`, it is known that something came or changed, or it
 * was missing and is tried again; `refresh`, it is looked at again for good measure.
 *
 * @internal
 */
export type Urgency = "first" | "awaited" | "refresh";

/** From the most urgent one. */
const urgencies: readonly Urgency[] = ["first", "awaited", "refresh"];

/**
 * What waits to be fetched: the more urgent before the less, and those of one urgency in the order in which they came. Each entry stands in it
 * once, as its most urgent self.
 *
 * Cost: constant for each operation.
 *
 * @internal
 */
export class FetchQueue<Entry> {
  readonly #waiting: Readonly<Record<Urgency, Set<Entry>>> = {
    first: new Set(),
    awaited: new Set(),
    refresh: new Set(),
  };

  /** Queues an entry; one that is queued as more urgent, or as the same, stays where it is. */
  add(entry: Entry, urgency: Urgency): void {
    for (const other of urgencies) {
      if (this.#waiting[other].has(entry)) return;
      if (other === urgency) break;
    }
    this.delete(entry);
    this.#waiting[urgency].add(entry);
  }

  delete(entry: Entry): void {
    for (const urgency of urgencies) this.#waiting[urgency].delete(entry);
  }

  /** Takes the next one out; a refresh only when `takesRefresh`. */
  take(takesRefresh: boolean): { readonly entry: Entry; readonly urgency: Urgency } | undefined {
    for (const urgency of urgencies) {
      if (urgency === "refresh" && !takesRefresh) return undefined;
      for (const entry of this.#waiting[urgency]) {
        this.#waiting[urgency].delete(entry);
        return { entry, urgency };
      }
    }
    return undefined;
  }
}
