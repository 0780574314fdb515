import type { EventOriginInit } from "./event-origin.ts";
import { ObservedEvent } from "./observed-event.ts";
import { trySplitArguments } from "./split-arguments.ts";

/** The fields that only an execution has. @public */
export interface ExecDetails {
  readonly parentExecId: string;
  /** Everything after the binary as ONE string, as the source quotes it; never split it for matching, read `argv`. */
  readonly args: string;
  /**
   * The exact argument vector, `argv[0]` first; undefined when it cannot be told without guessing.
   *
   * A source that knows it gives it. Of Tetragon's one string it is worked out when first read, with the binary in the place of
   * `argv[0]`, which Tetragon does not report.
   */
  readonly argv: readonly string[] | undefined;
  readonly cwd: string;
  /** Space-separated words of the source, e.g. `execve rootcwd clone`. */
  readonly flags: string;
  /** True for a process that ran before the source started: no new execution, so nothing to alert on. */
  readonly isReplay: boolean;
  /** True when the container runtime did this while setting the container up, although the id is already the container's. */
  readonly isRuntimeStage: boolean;
  /** True in the process tree of the container's own start, false below a later `exec` into it, undefined when not reported. */
  readonly inInitTree: boolean | undefined;
  readonly parentArgs: string;
  /** True when the source says that it cut the arguments, the path or the file name. */
  readonly isTruncated: boolean;
  /** True when the file came with the container's writable layer, not with its image; undefined when nobody saw it. */
  readonly isUpperLayer: boolean | undefined;
}

/** What a new {@link ExecEvent} is made of. @public */
export type ExecEventInit = EventOriginInit &
  Partial<Omit<ExecDetails, "argv">> & {
    /** The vector where it is known, null where it is known that nobody can tell it; left out: to be worked out from `args`. */
    readonly argv?: readonly string[] | null | undefined;
  };

/** Of the object itself and its short texts. */
const eventBytes = 512;
/** Of one text in a vector: its place, its head and its padding. */
const argumentBytes = 40;
/** Only long texts are worth asking how many bytes their characters take. */
const longBytes = 2048;

/**
 * A process executed a file.
 *
 * @public
 */
export class ExecEvent extends ObservedEvent implements ExecDetails {
  readonly kind: "exec";
  readonly parentExecId: string;
  readonly args: string;
  readonly cwd: string;
  readonly flags: string;
  readonly isReplay: boolean;
  readonly isRuntimeStage: boolean;
  readonly inInitTree: boolean | undefined;
  readonly parentArgs: string;
  readonly isTruncated: boolean;
  readonly isUpperLayer: boolean | undefined;
  #argv: readonly string[] | undefined;
  #isArgvKnown: boolean;

  /** @param init - at least the sequence; what is left out is "absent" (empty, -1, false, undefined). */
  constructor(init: ExecEventInit) {
    super(init);
    this.kind = "exec";
    this.parentExecId = init.parentExecId ?? "";
    this.args = init.args ?? "";
    this.cwd = init.cwd ?? "";
    this.flags = init.flags ?? "";
    this.isReplay = init.isReplay ?? false;
    this.isRuntimeStage = init.isRuntimeStage ?? false;
    this.inInitTree = init.inInitTree;
    this.parentArgs = init.parentArgs ?? "";
    this.isTruncated = init.isTruncated ?? false;
    this.isUpperLayer = init.isUpperLayer;
    this.#argv = init.argv ?? undefined;
    this.#isArgvKnown = init.argv !== undefined || this.source !== "tetragon";
  }

  /**
   * About how much memory the event keeps, bytes: texts of two bytes a character where they may be, and each argument of a vector.
   *
   * Cost: two comparisons; never works the vector out.
   */
  get keptBytes(): number {
    const vector = this.#argv === undefined ? 0 : this.#argv.length * argumentBytes;
    // Bytes as received are at least as many as the characters of all texts, whatever else was in the message.
    return eventBytes + (this.rawBytes > longBytes ? 2 : 1) * this.rawBytes + vector;
  }

  get argv(): readonly string[] | undefined {
    if (!this.#isArgvKnown) {
      const rest = this.isTruncated || this.binary === "" ? undefined : trySplitArguments(this.args);
      this.#argv = rest === undefined ? undefined : [this.binary, ...rest];
      this.#isArgvKnown = true;
    }
    return this.#argv;
  }
}
