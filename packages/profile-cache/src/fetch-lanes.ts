import type { FetchQueue } from "./fetch-queue.ts";

/** What {@link FetchLanes} work with. @internal */
export interface FetchLanesOptions<Entry> {
  readonly queue: FetchQueue<Entry>;
  readonly maxParallel: number;
  /** Never rejects. */
  readonly fetch: (entry: Entry) => Promise<void>;
  /** One is over, and there is room for another. */
  readonly onEnd: () => void;
}

/**
 * Fetches what a queue holds, so many at a time; one lane is kept free of refreshes, because a container that comes during a refresh must not
 * wait until a slow store has answered for one that is there.
 *
 * @internal
 */
export class FetchLanes<Entry> {
  readonly #options: FetchLanesOptions<Entry>;
  readonly #flights = new Set<Promise<void>>();
  /** Refreshes under way. */
  #refreshes = 0;

  constructor(options: FetchLanesOptions<Entry>) {
    this.#options = options;
  }

  /** Starts what can start. */
  fill(): void {
    const { queue, maxParallel } = this.#options;
    const mostRefreshes = Math.max(1, maxParallel - 1);
    while (this.#flights.size < maxParallel) {
      const next = queue.take(this.#refreshes < mostRefreshes);
      if (next === undefined) return;
      this.#start(next.entry, next.urgency === "refresh");
    }
  }

  /** Resolves when what is under way now is over. */
  async landed(): Promise<void> {
    await Promise.allSettled(this.#flights);
  }

  #start(entry: Entry, isRefresh: boolean): void {
    if (isRefresh) this.#refreshes += 1;
    const flight = this.#options.fetch(entry).finally(() => {
      this.#flights.delete(flight);
      if (isRefresh) this.#refreshes -= 1;
      this.#options.onEnd();
    });
    this.#flights.add(flight);
  }
}
