import type { BlindInterval } from "./source-health.ts";

const maxIntervals = 16;
/** Whoever has to know of an interval asks at least this often; an older one may be forgotten, milliseconds. */
const rememberedMs = 600_000;

interface Lasting {
  readonly fromMs: number;
  readonly reason: string;
  readonly graceMs: number;
}

/**
 * The times in which nobody can say what happened, oldest first; at most one lasts.
 *
 * Bounded: of more than 16 the oldest is forgotten, or, while it is younger than ten minutes, the two oldest become one that covers both.
 *
 * @internal
 */
export class BlindTimes {
  readonly #over: BlindInterval[] = [];
  #lasting: Lasting | undefined;

  /** Those that are over and the one that lasts, if it lasts longer than its grace by now. */
  list(nowMs: number): readonly BlindInterval[] {
    const lasting = this.#lasting;
    if (lasting === undefined || nowMs - lasting.fromMs < lasting.graceMs) return [...this.#over];
    return [...this.#over, { fromMs: lasting.fromMs, untilMs: undefined, reason: lasting.reason }];
  }

  /**
   * Begins one; while one lasts its first reason stays.
   *
   * @param graceMs - shorter than this it is none.
   */
  begin(fromMs: number, reason: string, graceMs = 0): void {
    const { fromMs: since = fromMs, reason: first = reason, graceMs: grace = graceMs } = this.#lasting ?? {};
    this.#lasting = { fromMs: since, reason: first, graceMs: Math.min(grace, graceMs) };
  }

  /** Ends the one that lasts, if one does. */
  end(atMs: number): void {
    const lasting = this.#lasting;
    this.#lasting = undefined;
    if (lasting === undefined || (lasting.graceMs > 0 && atMs - lasting.fromMs < lasting.graceMs)) return;
    const { fromMs, reason } = lasting;
    // The wall clock may have been set back meanwhile.
    this.record({ fromMs, untilMs: Math.max(atMs, fromMs), reason });
  }

  /** Adds one that is over; the last one told again, more exactly, takes its own place. */
  record(interval: BlindInterval & { readonly untilMs: number }): void {
    const over = this.#over;
    const last = over.at(-1);
    if (last?.fromMs === interval.fromMs && last.reason === interval.reason) over.pop();
    over.push(interval);
    if (over.length > maxIntervals) shorten(over, interval.untilMs);
  }
}

/**
 * Makes a list of intervals that are over shorter by one without hiding a time that somebody may not know of yet.
 *
 * @param over - oldest first, two at least.
 * @internal
 */
export function shorten(over: BlindInterval[], nowMs: number): void {
  const first = over[0]!; // by the contract
  if (nowMs - (first.untilMs ?? nowMs) > rememberedMs) {
    over.shift();
    return;
  }
  // One who is left out again and again costs only himself.
  let at = over.findIndex(({ containerId }, from) =>
    over.some((two, to) => to > from && two.containerId === containerId),
  );
  const isOwn = at >= 0;
  if (!isOwn) at = 0;
  const { containerId, ...one } = over[at]!; // at < length
  const into = isOwn ? over.findIndex((two, to) => to > at && two.containerId === containerId) : 1;
  const two = over[into]!; // there are two
  over[into] = {
    ...one,
    fromMs: Math.min(one.fromMs, two.fromMs),
    untilMs: Math.max(one.untilMs ?? nowMs, two.untilMs ?? nowMs),
    ...(isOwn && containerId !== undefined ? { containerId } : {}),
  };
  over.splice(at, 1);
}
