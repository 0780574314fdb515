/** One entry of a {@link DelayHeap}. */
export interface Delayed {
  readonly key: string;
  readonly atMs: number;
  readonly order: number;
}

/**
 * Entries by due time, ties in order of arrival: a binary heap. Entries that no longer count are left in and skipped by the caller.
 */
export class DelayHeap {
  readonly #entries: Delayed[] = [];

  get size(): number {
    return this.#entries.length;
  }

  peek(): Delayed | undefined {
    return this.#entries[0];
  }

  push(entry: Delayed): void {
    const entries = this.#entries;
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isEarlier(entry, entries[parent]!)) break; // parent < at
      entries[at] = entries[parent]!;
      at = parent;
    }
    entries[at] = entry;
  }

  pop(): Delayed | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= entries.length) break;
      if (child + 1 < entries.length && isEarlier(entries[child + 1]!, entries[child]!)) child++; // both < length
      if (!isEarlier(entries[child]!, last)) break;
      entries[at] = entries[child]!;
      at = child;
    }
    entries[at] = last;
    return first;
  }

  clear(): void {
    this.#entries.length = 0;
  }
}

function isEarlier(one: Delayed, other: Delayed): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
