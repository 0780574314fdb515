interface BlindTime {
  readonly fromMs: number;
  toMs: number;
}

const MAX_TIMES = 64;

/**
 * When the sources saw nothing: kept for containers that are reported later than they started.
 *
 * Bounded: of more than 64 times the two oldest become one that covers both.
 *
 * @internal
 */
export class BlindTimes {
  readonly #times: BlindTime[] = [];

  /** @param toMs - undefined while it lasts; told again with the same `fromMs` it may end. */
  add(fromMs: number, toMs: number | undefined): void {
    const endMs = toMs ?? Number.POSITIVE_INFINITY;
    const known = this.#times.find((time) => time.fromMs === fromMs);
    if (known !== undefined) known.toMs = endMs;
    else this.#times.push({ fromMs, toMs: endMs });
    if (this.#times.length <= MAX_TIMES) return;
    const [first, second] = this.#times.splice(0, 2) as [BlindTime, BlindTime];
    this.#times.unshift({
      fromMs: Math.min(first.fromMs, second.fromMs),
      toMs: Math.max(first.toMs, second.toMs),
    });
  }

  /** Where a time begins that reaches beyond `sinceMs`; undefined when there is none. */
  startOfOverlap(sinceMs: number): number | undefined {
    return this.#times.find((time) => time.toMs > sinceMs)?.fromMs;
  }
}

/** What a blind time means for a container. @internal */
export function blindReason(fromMs: number): string {
  return `the sources saw nothing from ${new Date(fromMs).toISOString()} on`;
}
