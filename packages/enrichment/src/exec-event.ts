import type { EventOrigin, EventOriginInit } from "./event-origin.ts";

/** The fields that only an execution has. @public */
export interface ExecDetails {
  readonly parentExecId: string;
  /** Real user id in the host's user namespace; -1 when absent. */
  readonly uid: number;
  /** Everything after the binary as ONE string, as the source quotes it; never split it for matching. */
  readonly args: string;
  readonly cwd: string;
  /** Space-separated words of the source, e.g. `execve rootcwd clone`. */
  readonly flags: string;
  /** True for a process that ran before the source started: no new execution, so nothing to alert on. */
  readonly isReplay: boolean;
  /** True when the container runtime did this while setting the container up, although the id is already the container's. */
  readonly isRuntimeStage: boolean;
  /** True in the process tree of the container's own start, false below a later `exec` into it, undefined when not reported. */
  readonly inInitTree: boolean | undefined;
  readonly parentBinary: string;
  readonly parentArgs: string;
  /** -1 when the source does not know the parent. */
  readonly parentPid: number;
  /** True when the source says that it cut the arguments, the path or the file name. */
  readonly isTruncated: boolean;
}

/** What a new {@link ExecEvent} is made of. @public */
export type ExecEventInit = EventOriginInit & Partial<ExecDetails>;

/**
 * A process executed a file.
 *
 * Every field is assigned in the same order, so all instances share one hidden class.
 *
 * @public
 */
export class ExecEvent implements EventOrigin, ExecDetails {
  readonly kind: "exec";
  readonly source: "tetragon";
  readonly sequence: number;
  readonly nodeName: string;
  readonly time: string;
  readonly receivedAtMs: number;
  readonly execId: string;
  readonly parentExecId: string;
  readonly pid: number;
  readonly uid: number;
  readonly binary: string;
  readonly args: string;
  readonly cwd: string;
  readonly flags: string;
  readonly isReplay: boolean;
  readonly isRuntimeStage: boolean;
  readonly inInitTree: boolean | undefined;
  readonly containerIdPrefix: string;
  readonly podUid: string;
  readonly podNamespace: string;
  readonly podName: string;
  readonly containerName: string;
  readonly parentBinary: string;
  readonly parentArgs: string;
  readonly parentPid: number;
  readonly isTruncated: boolean;
  readonly rawBytes: number;

  /** @param init - at least the sequence; what is left out is "absent" (empty, -1, false, undefined). */
  constructor(init: ExecEventInit) {
    this.kind = "exec";
    this.source = init.source ?? "tetragon";
    this.sequence = init.sequence;
    this.nodeName = init.nodeName ?? "";
    this.time = init.time ?? "";
    this.receivedAtMs = init.receivedAtMs ?? 0;
    this.execId = init.execId ?? "";
    this.parentExecId = init.parentExecId ?? "";
    this.pid = init.pid ?? -1;
    this.uid = init.uid ?? -1;
    this.binary = init.binary ?? "";
    this.args = init.args ?? "";
    this.cwd = init.cwd ?? "";
    this.flags = init.flags ?? "";
    this.isReplay = init.isReplay ?? false;
    this.isRuntimeStage = init.isRuntimeStage ?? false;
    this.inInitTree = init.inInitTree;
    this.containerIdPrefix = init.containerIdPrefix ?? "";
    this.podUid = init.podUid ?? "";
    this.podNamespace = init.podNamespace ?? "";
    this.podName = init.podName ?? "";
    this.containerName = init.containerName ?? "";
    this.parentBinary = init.parentBinary ?? "";
    this.parentArgs = init.parentArgs ?? "";
    this.parentPid = init.parentPid ?? -1;
    this.isTruncated = init.isTruncated ?? false;
    this.rawBytes = init.rawBytes ?? 0;
  }
}
