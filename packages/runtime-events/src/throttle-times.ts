import type { OtherEvent } from "@kinglet/enrichment";
import { shorten } from "./blind-times.ts";
import type { BlindInterval } from "./source-health.ts";

/** Cgroups that are told apart; a node runs some hundred containers. */
const maxCgroups = 1024;
const maxOver = 64;
const containerId = /[0-9a-f]{64}/;
type Ended = BlindInterval & { readonly untilMs: number };

/** Stands for all cgroups beyond the bound; no cgroup is called so. */
const others = "";

/**
 * The times in which Tetragon left out a cgroup because it executed too much (`--cgroup-rate`), oldest first.
 *
 * An agent that ends while it leaves a cgroup out never says that it stopped: the interval ends with it, see {@link ThrottleTimes.interrupted}.
 *
 * Bounded: of more than 1,024 cgroups at once the rest is one interval without a container; of those that are over 64, see {@link shorten}.
 *
 * @internal
 */
export class ThrottleTimes {
  /** By cgroup. */
  readonly #lasting: Map<string, BlindInterval> = new Map();
  readonly #over: BlindInterval[] = [];
  /** The last interval that is over of each cgroup: the end may be told again, by another CPU or after an interruption. */
  readonly #ended: Map<string, Ended> = new Map();
  readonly #beganMs: number;

  /** @param beganMs - since when events are read: what began before is known by its end alone. */
  constructor(beganMs: number) {
    this.#beganMs = beganMs;
  }

  get list(): readonly BlindInterval[] {
    return [...this.#over, ...this.#lasting.values()];
  }

  /** Takes an event of kind `throttle`; each CPU reports, so repeats are normal. */
  observed(event: Pick<OtherEvent, "detail" | "time">, nowMs: number): void {
    const [type, cgroup = ""] = event.detail.split(" ");
    const timeMs = Date.parse(event.time) || nowMs;
    if (type === "THROTTLE_STOP") this.#stopped(cgroup, timeMs);
    else if (type === "THROTTLE_START" && !this.#lasting.has(cgroup)) this.#started(cgroup, timeMs);
  }

  /**
   * The agent was started again, or cannot be heard any more: whatever it left out it is not known to leave out after that. Should it go on
   * all the same, the end that it reports makes up for it.
   */
  interrupted(atMs: number): void {
    for (const [cgroup, interval] of this.#lasting) this.#end(cgroup, interval, atMs);
    this.#lasting.clear();
  }

  #started(cgroup: string, fromMs: number): void {
    this.#ended.delete(cgroup);
    const isOther = this.#lasting.size >= maxCgroups;
    if (isOther && this.#lasting.has(others)) return;
    const name = isOther ? others : cgroup;
    this.#lasting.set(name, intervalOf(name, fromMs));
  }

  #stopped(cgroup: string, timeMs: number): void {
    const lasting = this.#lasting.get(cgroup);
    const before = this.#ended.get(cgroup);
    if (lasting !== undefined) {
      this.#lasting.delete(cgroup);
      this.#end(cgroup, lasting, timeMs);
    } else if (before === undefined) {
      if (timeMs > this.#beganMs) this.#end(cgroup, intervalOf(cgroup, this.#beganMs), timeMs);
    } else if (timeMs > before.untilMs) {
      const at = this.#over.indexOf(before);
      if (at >= 0) this.#over.splice(at, 1);
      this.#end(cgroup, before, timeMs);
    }
  }

  #end(cgroup: string, interval: BlindInterval, atMs: number): void {
    const over = { ...interval, untilMs: Math.max(atMs, interval.fromMs) };
    this.#ended.delete(cgroup);
    this.#ended.set(cgroup, over);
    if (this.#ended.size > maxCgroups) {
      for (const oldest of this.#ended.keys()) {
        this.#ended.delete(oldest);
        break;
      }
    }
    this.#over.push(over);
    if (this.#over.length > maxOver) shorten(this.#over, over.untilMs);
  }
}

function intervalOf(cgroup: string, fromMs: number): BlindInterval {
  const id = containerId.exec(cgroup)?.[0];
  const reason =
    cgroup === others
      ? "Tetragon leaves out more cgroups than are told apart (cgroup rate)"
      : `Tetragon leaves out cgroup ${cgroup}, which executes too much (cgroup rate)`;
  return { fromMs, untilMs: undefined, reason, ...(id === undefined ? {} : { containerId: id }) };
}
