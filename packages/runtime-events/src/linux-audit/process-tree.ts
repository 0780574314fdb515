// Hot path: `locate` runs once per event.
import { containerIdOfCgroup } from "./cgroup-container.ts";
import type { KnownProcess } from "./known-process.ts";
import type { ProcessReader, ProcessState } from "./process-reader.ts";
import { isRuntimeOutside } from "./runtime-step.ts";

/** How a process was found: by asking the system, from what was known of it, from its parent, or not. @internal */
export type LocatedBy = "process" | "tree" | "parent" | "none";

/** Settings of a {@link ProcessTree}. @internal */
export interface ProcessTreeOptions {
  readonly reader: ProcessReader;
  /** The ones that were heard of least recently are forgotten. */
  readonly maxProcesses: number;
  readonly onLocated: (by: LocatedBy) => void;
}

/** Two looks at one process give the same start to about this. */
const sameStartMs = 50;
/** Times of events are exact to a millisecond, those of the system to about 20; and clocks are set. */
const startSlackMs = 1000;
/** What is known of a process that only opens files and the like is taken for so long without asking again. */
const freshMs = 10_000;
/** Programs that start the first process of a container from outside of it. */
const runtimes = /(?:^|\/)(?:runc|crun|youki|conmon|containerd-shim[\w-]*|crio-conmon|docker-init|runsc)$/;

/**
 * Knows which container each process is in, also for a while after it ended.
 *
 * Asked first is always the system, because it knows and cannot be deceived; a process that was forked after the event is another one with
 * the same number. Where the process is gone, what was known of it counts, and otherwise its parent: a process begins in its parent's
 * container, and only the runtime moves it.
 *
 * @internal
 */
export class ProcessTree {
  readonly #options: ProcessTreeOptions;
  readonly #processes: Map<number, KnownProcess> = new Map();

  constructor(options: ProcessTreeOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#processes.size;
  }

  /** Looks at everything that runs, so that children of processes that end later are found; once, when reading begins. */
  seed(nowMs: number): void {
    const { reader, maxProcesses } = this.#options;
    for (const pid of reader.pids().slice(-maxProcesses)) {
      if (!this.#processes.has(pid)) this.#ask(pid, nowMs, nowMs);
    }
  }

  get(pid: number): KnownProcess | undefined {
    return this.#processes.get(pid);
  }

  /**
   * The process of an event.
   *
   * @param timeMs - of the event.
   * @param isExec - its file changes with this event: the system is asked whatever is known.
   */
  locate(pid: number, parentPid: number, timeMs: number, nowMs: number, isExec: boolean): KnownProcess {
    const known = this.#processes.get(pid);
    if (known !== undefined && !isExec && known.parentPid === parentPid && nowMs - known.checkedAtMs < freshMs) {
      return known;
    }
    const asked = this.#ask(pid, timeMs, nowMs, parentPid);
    if (asked !== undefined) {
      // The parent at the time of the event, whoever adopted it since.
      asked.parentPid = parentPid;
      return this.#found(asked, "process");
    }
    if (known !== undefined && known.parentPid === parentPid) return this.#found(known, "tree");
    const parent = this.parentOf(parentPid, timeMs, nowMs);
    const containerId = parent?.containerId ?? "";
    const process = this.#put(pid, parentPid, containerId, nowMs);
    fork(parent, process);
    const isClear = parent !== undefined && (containerId !== "" || !runtimes.test(parent.binary));
    return this.#found(process, isClear ? "parent" : "none");
  }

  /** What is known of a parent; asks the system when that is nothing, or so old that the number may be another process's by now. */
  parentOf(parentPid: number, timeMs: number, nowMs: number): KnownProcess | undefined {
    const known = this.#processes.get(parentPid);
    if (known !== undefined && nowMs - known.checkedAtMs < freshMs) return known;
    return this.#ask(parentPid, timeMs, nowMs) ?? known;
  }

  #found(process: KnownProcess, by: LocatedBy): KnownProcess {
    this.#options.onLocated(by);
    return process;
  }

  /** @param parentPid - who it was forked by, where an event told: who started a container has often ended since. */
  #ask(pid: number, timeMs: number, nowMs: number, parentPid?: number): KnownProcess | undefined {
    if (pid <= 0) return undefined;
    const { reader } = this.#options;
    const state = reader.read(pid);
    if (state === undefined || state.startedAtMs > timeMs + startSlackMs) return undefined;
    const containerId = containerIdOfCgroup(state.cgroup);
    const known = this.#processes.get(pid);
    if (known !== undefined && isSame(known, state)) {
      known.containerId = containerId;
      known.startedAtMs = state.startedAtMs;
      known.checkedAtMs = nowMs;
      return known;
    }
    const process = this.#put(pid, state.parentPid, containerId, nowMs);
    process.startedAtMs = state.startedAtMs;
    fork(this.#processes.get(parentPid ?? state.parentPid), process);
    if (process.binary === "") process.binary = reader.binaryOf(pid);
    return process;
  }

  #put(pid: number, parentPid: number, containerId: string, nowMs: number): KnownProcess {
    const process: KnownProcess = {
      pid,
      parentPid,
      startedAtMs: Number.NaN,
      containerId,
      binary: "",
      args: "",
      execId: "",
      isRuntimeStage: false,
      checkedAtMs: nowMs,
    };
    this.#processes.set(pid, process);
    if (this.#processes.size > this.#options.maxProcesses) {
      for (const oldest of this.#processes.keys()) {
        this.#processes.delete(oldest);
        break;
      }
    }
    return process;
  }
}

/** A process whose parent ended has another one since, but began when it began; clocks may be set in between. */
function isSame(known: KnownProcess, state: ProcessState): boolean {
  return known.parentPid === state.parentPid || Math.abs(known.startedAtMs - state.startedAtMs) <= sameStartMs;
}

/** What a process is that was never seen to execute anything: what its parent was, if that was seen. */
function fork(parent: KnownProcess | undefined, child: KnownProcess): void {
  if (parent === undefined) return;
  if (parent.execId !== "") child.binary = parent.binary;
  child.isRuntimeStage = parent.isRuntimeStage || isRuntimeOutside(parent);
}
