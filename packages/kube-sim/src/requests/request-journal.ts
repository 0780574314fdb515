/**
 * One request as the simulator saw it.
 *
 * @public
 */
export interface JournalEntry {
  readonly method: string;
  readonly path: string;
  /** Decoded query parameters, last one wins. */
  readonly query: Readonly<Record<string, string>>;
  readonly userAgent: string;
  /** Media types that the client asked for, as it wrote them. */
  readonly accept: string;
  /** Kind of the fault that the request met; "" without one. */
  fault: string;
  /** 0 until the head of the answer went out. */
  status: number;
  /** Arrival, milliseconds since 1970-01-01 UTC by the simulator's clock. */
  readonly at: number;
}

/** The last requests, oldest first; older ones are forgotten. */
export class RequestJournal {
  readonly #maxEntries: number;
  #entries: JournalEntry[] = [];

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  add(entry: JournalEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length >= this.#maxEntries * 2) this.#entries = this.entries();
  }

  entries(): JournalEntry[] {
    return this.#entries.slice(-this.#maxEntries);
  }

  clear(): void {
    this.#entries = [];
  }
}
