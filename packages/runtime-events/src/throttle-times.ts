import type { OtherEvent } from "@kinglet/enrichment";
import type { BlindInterval } from "./source-health.ts";

const maxIntervals = 16;
const containerId = /[0-9a-f]{64}/;

/**
 * The times in which Tetragon left out a cgroup because it executed too much (`--cgroup-rate`), oldest first.
 *
 * @internal
 */
export class ThrottleTimes {
  /** By cgroup while it lasts, by a key of its own when it is over. */
  readonly #intervals: Map<string, BlindInterval> = new Map();
  #ended = 0;

  get list(): readonly BlindInterval[] {
    return [...this.#intervals.values()];
  }

  /** Takes an event of kind `throttle`; each CPU reports, so repeats are normal. */
  observed(event: Pick<OtherEvent, "detail" | "time">, nowMs: number): void {
    const [type, cgroup = ""] = event.detail.split(" ");
    const timeMs = Date.parse(event.time) || nowMs;
    const lasting = this.#intervals.get(cgroup);
    if (type === "THROTTLE_STOP") {
      if (lasting === undefined) return;
      this.#intervals.delete(cgroup);
      this.#add(` ${++this.#ended}`, { ...lasting, untilMs: Math.max(timeMs, lasting.fromMs) });
    } else if (type === "THROTTLE_START" && lasting === undefined) {
      const id = containerId.exec(cgroup)?.[0];
      const reason = `Tetragon leaves out cgroup ${cgroup}, which executes too much (cgroup rate)`;
      this.#add(cgroup, {
        fromMs: timeMs,
        untilMs: undefined,
        reason,
        ...(id === undefined ? {} : { containerId: id }),
      });
    }
  }

  #add(key: string, interval: BlindInterval): void {
    this.#intervals.set(key, interval);
    if (this.#intervals.size <= maxIntervals) return;
    for (const oldest of this.#intervals.keys()) {
      this.#intervals.delete(oldest);
      return;
    }
  }
}
