import type { Clock } from "@kinglet/lifecycle";
import { noopMetrics, type Counter, type Metrics } from "@kinglet/metrics";
import type { EventOrigin } from "./event-origin.ts";
import type { ExecEvent } from "./exec-event.ts";
import { forgottenProcesses, knownProcesses } from "./metrics.ts";
import { StringPool } from "./string-pool.ts";

/** Settings of a {@link ProcessTree}. @public */
export interface ProcessTreeOptions {
  readonly clock: Clock;
  /** Executions remembered at most, at least 1; the one that was of no use longest goes first. @defaultValue 65536 */
  readonly maxEntries?: number;
  /** How long an ended one is remembered for events that come late, milliseconds. @defaultValue 60000 */
  readonly exitGraceMs?: number;
  /** @defaultValue none */
  readonly metrics?: Metrics;
}

/** An execution as the tree remembers it. @public */
export interface ProcessRecord {
  readonly execId: string;
  readonly parentExecId: string;
  readonly pid: number;
  readonly uid: number;
  readonly binary: string;
  /** At most 512 characters. */
  readonly args: string;
  readonly containerIdPrefix: string;
}

interface Node {
  readonly execId: string;
  /** What callers get: without the links, so that whoever keeps it keeps nothing else. */
  readonly record: ProcessRecord;
  /** Monotonic milliseconds; undefined while it lives. */
  expiresAtMs: number | undefined;
  /** Neighbours in the order of use. */
  older: Node | undefined;
  newer: Node | undefined;
}

const maxArgumentCharacters = 512;
/** Deeper than any tree that makes sense; ends a circle that a wrong event would make. */
const maxDepth = 32;

/**
 * Which execution came from which, by the key that the source gives each.
 *
 * - Parents may be unknown, exits may have no execution, executions may come after their exit: all of that is normal and costs nothing.
 * - An ended execution is found for `exitGraceMs` more; nothing is found longer than that after its exit.
 * - Bounded by count, least recently used first. There is no timer: what has expired goes with the next event.
 *
 * Cost: three map operations per execution, one per ancestor; about 270 B each with short arguments.
 *
 * @public
 */
export class ProcessTree {
  readonly #clock: Clock;
  readonly #maxEntries: number;
  readonly #exitGraceMs: number;
  readonly #nodes: Map<string, Node> = new Map();
  /** In the order of their exits, hence in the order in which they expire. */
  readonly #ended: Map<string, Node> = new Map();
  // A list of its own, not the order of the map: taking the same key out of a large Map and putting it back, as with the shell that
  // starts everything, leaves a trace in its chain each time, and look-ups become 100 times slower (Node 26).
  #oldest: Node | undefined;
  #newest: Node | undefined;
  readonly #strings: StringPool = new StringPool(1024);
  readonly #forgotten: Counter;
  readonly #stopCollecting: () => void;

  constructor(options: ProcessTreeOptions) {
    this.#clock = options.clock;
    this.#maxEntries = options.maxEntries ?? 65_536;
    this.#exitGraceMs = options.exitGraceMs ?? 60_000;
    const metrics = options.metrics ?? noopMetrics;
    this.#forgotten = metrics.counter(forgottenProcesses);
    const gauge = metrics.gauge(knownProcesses);
    this.#stopCollecting = metrics.onCollect(() => {
      this.#expire();
      gauge.set(this.#nodes.size - this.#ended.size, { state: "live" });
      gauge.set(this.#ended.size, { state: "ended" });
    });
  }

  /** Executions that are remembered. */
  get size(): number {
    return this.#nodes.size;
  }

  /**
   * Remembers an execution.
   *
   * @returns false when it is a replay of one that is known already: it was seen when it happened, so it is no news.
   */
  executed(event: ExecEvent): boolean {
    this.#expire();
    if (event.execId === "") return true;
    const known = this.#nodes.get(event.execId);
    if (known !== undefined && event.isReplay) return false;
    this.#touch(event.parentExecId);
    if (known !== undefined) this.#remove(known);
    const node = this.#nodeOf(event);
    this.#nodes.set(node.execId, node);
    this.#append(node);
    if (this.#nodes.size > this.#maxEntries) this.#forgetOldest();
    return true;
  }

  /** An execution has ended; unknown ones are ignored. */
  exited(event: Pick<EventOrigin, "execId">): void {
    this.#expire();
    const node = this.#nodes.get(event.execId);
    if (node === undefined || node.expiresAtMs !== undefined) return;
    node.expiresAtMs = this.#clock.monotonicMs() + this.#exitGraceMs;
    this.#ended.set(event.execId, node);
  }

  /** The execution with this key. */
  get(execId: string): ProcessRecord | undefined {
    this.#expire();
    return this.#touch(execId)?.record;
  }

  /** The parent, its parent and so on, nearest first, as far as they are known; at most 32. */
  ancestorsOf(execId: string): readonly ProcessRecord[] {
    this.#expire();
    const found: ProcessRecord[] = [];
    let node = this.#touch(execId);
    while (node !== undefined && found.length < maxDepth) {
      const { parentExecId }: ProcessRecord = node.record;
      node = parentExecId === node.execId ? undefined : this.#touch(parentExecId);
      if (node !== undefined) found.push(node.record);
    }
    return found;
  }

  /** Forgets everything and takes its metrics away. */
  [Symbol.dispose](): void {
    this.#nodes.clear();
    this.#ended.clear();
    this.#oldest = undefined;
    this.#newest = undefined;
    this.#stopCollecting();
  }

  #nodeOf(event: ExecEvent): Node {
    const { args } = event;
    return {
      execId: event.execId,
      record: {
        execId: event.execId,
        parentExecId: event.parentExecId,
        pid: event.pid,
        uid: event.uid,
        binary: this.#strings.share(event.binary),
        args: args.length > maxArgumentCharacters ? cut(args) : args,
        containerIdPrefix: this.#strings.share(event.containerIdPrefix),
      },
      expiresAtMs: undefined,
      older: undefined,
      newer: undefined,
    };
  }

  /** Makes it the most recently used one. */
  #touch(execId: string): Node | undefined {
    if (execId === "") return undefined;
    const node = this.#nodes.get(execId);
    if (node === undefined || node === this.#newest) return node;
    this.#unlink(node);
    this.#append(node);
    return node;
  }

  #append(node: Node): void {
    node.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = node;
    else this.#newest.newer = node;
    this.#newest = node;
  }

  #unlink(node: Node): void {
    if (node.older === undefined) this.#oldest = node.newer;
    else node.older.newer = node.newer;
    if (node.newer === undefined) this.#newest = node.older;
    else node.newer.older = node.older;
    node.older = undefined;
    node.newer = undefined;
  }

  #remove(node: Node): void {
    this.#unlink(node);
    this.#nodes.delete(node.execId);
    this.#ended.delete(node.execId);
  }

  #expire(): void {
    if (this.#ended.size === 0) return;
    const now = this.#clock.monotonicMs();
    for (const node of this.#ended.values()) {
      if ((node.expiresAtMs ?? now + 1) > now) return;
      this.#remove(node);
    }
  }

  #forgetOldest(): void {
    if (this.#oldest === undefined) return;
    this.#remove(this.#oldest);
    this.#forgotten.add();
  }
}

/** A part of a string keeps the whole of it alive, so the part is put together anew. */
function cut(text: string): string {
  return [...text.slice(0, maxArgumentCharacters - 3).split(""), "..."].join("");
}
