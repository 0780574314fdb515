import type { EventOriginInit, RuntimeEventKind } from "@kinglet/enrichment";
import type { AuditCall } from "./audit-call.ts";
import { decodeAuditValue } from "./audit-value.ts";
import type { ProcessReader } from "./process-reader.ts";
import type { KnownProcess } from "./known-process.ts";
import type { ProcessTree } from "./process-tree.ts";
import { tidyPath } from "../tidy-path.ts";
import { isRuntimeCall } from "./runtime-step.ts";
import { SocketTable } from "./socket-table.ts";

/** Settings of an {@link ActivityContext}. @internal */
export interface ActivityContextOptions {
  readonly tree: ProcessTree;
  readonly reader: ProcessReader;
  /** For records without a node's name. */
  readonly nodeName: string;
  /** Kinds to make; undefined = all. */
  readonly kinds: ReadonlySet<RuntimeEventKind> | undefined;
}

/**
 * What the functions that make an event need to know beyond its call.
 *
 * @internal
 */
export class ActivityContext {
  /** The kind that nobody wanted last. */
  skippedKind: RuntimeEventKind = "exec";
  readonly sockets: SocketTable = new SocketTable();
  /** Given to the event that is being made. */
  sequence = 0;
  /** When that is, milliseconds since 1970. */
  nowMs = 0;
  readonly #options: ActivityContextOptions;

  constructor(options: ActivityContextOptions) {
    this.#options = options;
  }

  /** False, and remembered, when nobody wants this kind. */
  wants(kind: RuntimeEventKind): boolean {
    if (this.#options.kinds === undefined || this.#options.kinds.has(kind)) return true;
    this.skippedKind = kind;
    return false;
  }

  locate(call: AuditCall, isExec: boolean): KnownProcess {
    return this.#options.tree.locate(call.pid, call.parentPid, call.event.timeMs, this.nowMs, isExec);
  }

  parentOf(call: AuditCall): KnownProcess | undefined {
    return this.#options.tree.parentOf(call.parentPid, call.event.timeMs, this.nowMs);
  }

  /** What the process executed before; a copy, because looking for the process may change it. */
  executionOf(pid: number): Pick<KnownProcess, "execId" | "isRuntimeStage" | "binary"> | undefined {
    const known = this.#options.tree.get(pid);
    if (known === undefined) return undefined;
    return { execId: known.execId, isRuntimeStage: known.isRuntimeStage, binary: known.binary };
  }

  binaryOf(pid: number): string {
    const known = this.#options.tree.get(pid)?.binary ?? "";
    return known === "" ? this.#options.reader.binaryOf(pid) : known;
  }

  /** What every event has, with the process that {@link locate} finds. What the runtime does while it sets a container up is the host's. */
  origin(call: AuditCall, process: KnownProcess): EventOriginInit {
    const { event } = call;
    const kernelPath = decodeAuditValue(call.field("exe"));
    return {
      source: "linux-audit",
      sequence: this.sequence,
      nodeName: event.nodeName === "" ? this.#options.nodeName : event.nodeName,
      time: new Date(event.timeMs).toISOString(),
      receivedAtMs: this.nowMs,
      execId: process.execId,
      pid: call.pid,
      uid: call.uid,
      binary: process.binary === "" ? kernelPath : process.binary,
      parentBinary: this.parentOf(call)?.binary ?? "",
      parentPid: call.parentPid,
      containerIdPrefix: isRuntimeCall(process, kernelPath) ? "" : process.containerId,
      // Bounds of memory go by it: what was never kept takes none.
      rawBytes: event.keptBytes,
    };
  }

  /**
   * The absolute path of what the call was about, without detours.
   *
   * @param directory - index of the argument with the directory's descriptor; undefined: the working directory.
   * @returns undefined when it cannot be told.
   */
  resolve(call: AuditCall, name: string, directory: 0 | 1 | 2 | undefined): string | undefined {
    const path = this.#absolute(call, name, directory);
    return path === undefined ? undefined : tidyPath(path);
  }

  #absolute(call: AuditCall, name: string, directory: 0 | 1 | 2 | undefined): string | undefined {
    if (name.startsWith("/")) return name;
    if (name === "") return undefined;
    const { cwd } = call.event;
    const isAtWorkingDirectory = directory === undefined || call.isAtWorkingDirectory(directory);
    const base = isAtWorkingDirectory ? cwd : this.#options.reader.descriptorTarget(call.pid, call.int(directory));
    return base.startsWith("/") ? `${base}/${name}` : undefined;
  }
}
