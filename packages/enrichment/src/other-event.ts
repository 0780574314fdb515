import type { EventOrigin, EventOriginInit } from "./event-origin.ts";

/** The kinds that are counted and passed on with little more than their process. @public */
export type OtherEventKind = "kprobe" | "lsm" | "loader" | "tracepoint" | "uprobe" | "usdt" | "throttle" | "rateLimit";

/** What a new {@link OtherEvent} is made of. @public */
export type OtherEventInit = EventOriginInit & {
  readonly kind: OtherEventKind;
  readonly detail?: string;
  readonly policyName?: string;
  readonly droppedEvents?: number;
};

/**
 * Any event that is neither an execution nor an exit.
 *
 * @public
 */
export class OtherEvent implements EventOrigin {
  readonly kind: OtherEventKind;
  readonly source: "tetragon";
  readonly sequence: number;
  readonly nodeName: string;
  readonly time: string;
  readonly receivedAtMs: number;
  readonly execId: string;
  readonly pid: number;
  readonly binary: string;
  readonly containerIdPrefix: string;
  readonly podUid: string;
  readonly podNamespace: string;
  readonly podName: string;
  readonly containerName: string;
  /**
   * Which hook: function name (kprobe, lsm), `subsys/event` (tracepoint), path (loader, uprobe, usdt),
   * `THROTTLE_START cgroup` / `THROTTLE_STOP cgroup` (throttle); empty when not given.
   */
  readonly detail: string;
  /** The policy that asked for it; empty when none did. */
  readonly policyName: string;
  /** rateLimit: how many events the source left out. 0 for all other kinds. */
  readonly droppedEvents: number;
  readonly rawBytes: number;

  /** @param init - at least the kind and the sequence; what is left out is "absent" (empty, -1, 0). */
  constructor(init: OtherEventInit) {
    this.kind = init.kind;
    this.source = init.source ?? "tetragon";
    this.sequence = init.sequence;
    this.nodeName = init.nodeName ?? "";
    this.time = init.time ?? "";
    this.receivedAtMs = init.receivedAtMs ?? 0;
    this.execId = init.execId ?? "";
    this.pid = init.pid ?? -1;
    this.binary = init.binary ?? "";
    this.containerIdPrefix = init.containerIdPrefix ?? "";
    this.podUid = init.podUid ?? "";
    this.podNamespace = init.podNamespace ?? "";
    this.podName = init.podName ?? "";
    this.containerName = init.containerName ?? "";
    this.detail = init.detail ?? "";
    this.policyName = init.policyName ?? "";
    this.droppedEvents = init.droppedEvents ?? 0;
    this.rawBytes = init.rawBytes ?? 0;
  }
}
