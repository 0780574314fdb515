import type { RuntimeEvent } from "@kinglet/enrichment";
import type { BlindInterval, RunSourceOptions, SourceHealth } from "@kinglet/runtime-events";
import type { EventSource } from "./event-source.ts";

/**
 * Several sources as one.
 *
 * Sequences are told apart by their remainder: the n-th event of source i of k gets n * k + i, so nothing has to be remembered to find the
 * way back. Sources do not wait for each other, except that all of them wait while the consumer does.
 *
 * @internal
 */
export class JoinedSource implements EventSource {
  readonly name: string;
  readonly #sources: readonly EventSource[];

  constructor(sources: readonly EventSource[]) {
    this.#sources = sources;
    this.name = sources.map(({ name }) => name).join("+");
  }

  async run({ signal, deliver }: RunSourceOptions): Promise<void> {
    const count = this.#sources.length;
    const running = new AbortController();
    const either = AbortSignal.any([signal, running.signal]);
    const runs = this.#sources.map((source, at) =>
      source.run({
        signal: either,
        deliver: (event) => {
          // The event is this process's own and nobody has seen it yet.
          (event as { sequence: number } & RuntimeEvent).sequence = event.sequence * count + at;
          return deliver(event);
        },
      }),
    );
    try {
      // One that ends by itself ends all: what is read afterwards would be a part of the truth.
      await Promise.race(runs);
    } finally {
      running.abort(new Error("another source has ended"));
      await Promise.allSettled(runs);
    }
  }

  acknowledge(sequence: number): void {
    this.#of(sequence).acknowledge(this.#own(sequence));
  }

  confirmAlert(sequence: number, uniqueId: string): Promise<void> {
    return this.#of(sequence).confirmAlert(this.#own(sequence), uniqueId);
  }

  wasConfirmed(uniqueId: string): boolean {
    return this.#sources.some((source) => source.wasConfirmed(uniqueId));
  }

  async checkpoint(): Promise<void> {
    // One that cannot write its place keeps no other from writing its own.
    const results = await Promise.allSettled(this.#sources.map(async (source) => source.checkpoint?.()));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  health(): SourceHealth & { readonly sources: readonly SourceHealth[] } {
    const sources = this.#sources.map((source) => source.health());
    const sum = (of: (health: SourceHealth) => number): number => sources.reduce((total, one) => total + of(one), 0);
    const lastEvents = sources.flatMap(({ lastEventAtMs }) => (lastEventAtMs === undefined ? [] : [lastEventAtMs]));
    const watchingSinceMs = Math.max(...sources.map(({ watchingSinceMs: since = Infinity }) => since));
    const intervals = sources.flatMap(({ name, blindIntervals }) =>
      blindIntervals.map((interval) => ({ ...interval, reason: `${name}: ${interval.reason}` })),
    );
    return {
      name: this.name,
      connected: sources.every(({ connected }) => connected),
      reason: sources.flatMap(({ name, reason }) => (reason === "" ? [] : [`${name}: ${reason}`])).join("; "),
      watchingSinceMs: watchingSinceMs === Infinity ? undefined : watchingSinceMs,
      lastEventAtMs: lastEvents.length === 0 ? undefined : Math.max(...lastEvents),
      eventsTotal: sum(({ eventsTotal }) => eventsTotal),
      decodeErrors: sum(({ decodeErrors }) => decodeErrors),
      unknownEvents: sum(({ unknownEvents }) => unknownEvents),
      droppedUpstream: sum(({ droppedUpstream }) => droppedUpstream),
      isEstimate: sources.some(({ isEstimate }) => isEstimate),
      droppedByUs: sum(({ droppedByUs }) => droppedByUs),
      openEvents: sum(({ openEvents }) => openEvents),
      waitingEvents: sum(({ waitingEvents = 0 }) => waitingEvents),
      blindIntervals: oneEach(intervals).toSorted((a, b) => a.fromMs - b.fromMs),
      position: undefined,
      sources,
    };
  }

  /** Who opened the sources closes them. */
  async [Symbol.asyncDispose](): Promise<void> {}

  #of(sequence: number): EventSource {
    // A remainder is below the number of sources.
    return this.#sources[sequence % this.#sources.length]!;
  }

  #own(sequence: number): number {
    return Math.floor(sequence / this.#sources.length);
  }
}

/** Intervals are told apart by whom they are about and when they began: of those that are alike the longest is told. */
function oneEach(intervals: readonly BlindInterval[]): readonly BlindInterval[] {
  const longest = new Map<string, BlindInterval>();
  for (const interval of intervals) {
    const key = `${interval.fromMs} ${interval.containerId ?? ""}`;
    const known = longest.get(key) ?? interval;
    const isLonger = known.untilMs !== undefined && (interval.untilMs ?? Infinity) > known.untilMs;
    longest.set(key, isLonger ? interval : known);
  }
  return [...longest.values()];
}
