import type { KubeObject } from "../resources/kube-object.ts";

/** What happened to an object; `previous` is its content before. */
export interface StoreEvent {
  readonly revision: bigint;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly key: string;
  /** The new content; for DELETED the last content with the revision of the deletion. */
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
  /** When it happened, milliseconds of the store's clock that never goes backwards. */
  readonly at: number;
}

/** How long what happened is remembered: what goes beyond either bound is forgotten, oldest first. */
export interface HistoryBounds {
  readonly maxEvents: number;
  readonly maxAgeMs: number;
  /** Milliseconds, never going backwards. */
  readonly monotonicMs: () => number;
}

/** Forgotten events are let go of in batches of at least this many: each event is then moved a bounded number of times. */
const FORGET_BATCH = 64;

/**
 * The objects of one resource and the bounded history of what happened to them.
 *
 * Objects in here are never changed in place: a write stores a new object, so readers may keep what they got.
 */
export class ResourceTable {
  readonly #objects = new Map<string, KubeObject>();
  readonly #listeners = new Set<() => void>();
  readonly #bounds: HistoryBounds;
  #history: StoreEvent[] = [];
  #firstIndex = 0;
  /** Events at the beginning of the history that are forgotten and not let go of yet. */
  #forgotten = 0;
  #compactedRevision = 0n;
  #sortedKeys: string[] | undefined;

  constructor(bounds: HistoryBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** History before and including this revision is gone. */
  get compactedRevision(): bigint {
    return this.#compactedRevision;
  }

  /** Position after the newest event; grows for ever. */
  get endIndex(): number {
    return this.#firstIndex + this.#history.length;
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  /** All objects in key order. Sorting is repeated only after keys came or went. */
  *values(): IterableIterator<KubeObject> {
    for (const key of this.keys()) {
      const object = this.#objects.get(key);
      if (object !== undefined) yield object;
    }
  }

  keys(): readonly string[] {
    this.#sortedKeys ??= [...this.#objects.keys()].sort(compareKeys);
    return this.#sortedKeys;
  }

  /** Takes a write that has its revision already. */
  commit(event: StoreEvent): void {
    if (event.type === "DELETED") {
      this.#objects.delete(event.key);
      this.#sortedKeys = undefined;
    } else {
      if (event.type === "ADDED") this.#sortedKeys = undefined;
      this.#objects.set(event.key, event.object);
    }
    this.#history.push(event);
    this.#forget();
    for (const listener of this.#listeners) listener();
  }

  /** Forgets the history up to now. */
  compact(revision: bigint): void {
    this.#firstIndex += this.#history.length;
    this.#history = [];
    this.#forgotten = 0;
    this.#compactedRevision = revision;
    for (const listener of this.#listeners) listener();
  }

  /** The event at a position; undefined when it is not there (any more). */
  eventAt(index: number): StoreEvent | undefined {
    const event = this.#history[index - this.#firstIndex];
    return event !== undefined && event.revision > this.#compactedRevision ? event : undefined;
  }

  /** Position of the first event after a revision; undefined when that part of the history is gone. */
  indexAfter(revision: bigint): number | undefined {
    this.#forget();
    if (revision < this.#compactedRevision) return undefined;
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#history[middle]?.revision ?? 0n) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#firstIndex + low;
  }

  /** The table as it was at a revision, in key order; undefined when the history does not reach back that far. */
  snapshotAt(revision: bigint): readonly KubeObject[] | undefined {
    const start = this.indexAfter(revision);
    if (start === undefined) return undefined;
    if (start === this.endIndex) return [...this.values()];
    const objects = new Map(this.#objects);
    for (let index = this.endIndex - 1; index >= start; index--) {
      const event = this.#history[index - this.#firstIndex];
      if (event === undefined) continue;
      if (event.previous === undefined) objects.delete(event.key);
      else objects.set(event.key, event.previous);
    }
    return [...objects.entries()].sort((a, b) => compareKeys(a[0], b[0])).map((entry) => entry[1]);
  }

  /** Calls the listener after every change, synchronously; returns what ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Moves the beginning of what is remembered; looked at with every write and every reader that comes. */
  #forget(): void {
    const { maxEvents, maxAgeMs, monotonicMs } = this.#bounds;
    const history = this.#history;
    const before = this.#forgotten;
    let count = Math.max(before, history.length - maxEvents);
    const oldest = monotonicMs() - maxAgeMs;
    for (let event = history[count]; event !== undefined && event.at < oldest; event = history[count]) count++;
    if (count === before) return;
    this.#forgotten = count;
    this.#compactedRevision = history[count - 1]?.revision ?? this.#compactedRevision;
    if (count < FORGET_BATCH || count * 2 < history.length) return;
    this.#history = history.slice(count);
    this.#firstIndex += count;
    this.#forgotten = 0;
  }
}

function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
