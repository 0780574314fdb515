import type { EventOrigin, EventOriginInit, EventSourceName } from "./event-origin.ts";

/**
 * What all event classes share: the fields of an {@link EventOrigin}, assigned in one order, so that the instances of a class have one
 * hidden class and every class keeps a shared field in the same place.
 *
 * @public
 */
export class ObservedEvent implements EventOrigin {
  readonly source: EventSourceName;
  readonly sequence: number;
  readonly nodeName: string;
  readonly time: string;
  readonly receivedAtMs: number;
  readonly execId: string;
  readonly pid: number;
  readonly uid: number;
  readonly binary: string;
  readonly parentBinary: string;
  readonly parentPid: number;
  readonly containerIdPrefix: string;
  readonly podUid: string;
  readonly podNamespace: string;
  readonly podName: string;
  readonly containerName: string;
  readonly rawBytes: number;

  /** @param init - at least the sequence; what is left out is "absent" (empty, -1). */
  constructor(init: EventOriginInit) {
    this.source = init.source ?? "tetragon";
    this.sequence = init.sequence;
    this.nodeName = init.nodeName ?? "";
    this.time = init.time ?? "";
    this.receivedAtMs = init.receivedAtMs ?? 0;
    this.execId = init.execId ?? "";
    this.pid = init.pid ?? -1;
    this.uid = init.uid ?? -1;
    this.binary = init.binary ?? "";
    this.parentBinary = init.parentBinary ?? "";
    this.parentPid = init.parentPid ?? -1;
    this.containerIdPrefix = init.containerIdPrefix ?? "";
    this.podUid = init.podUid ?? "";
    this.podNamespace = init.podNamespace ?? "";
    this.podName = init.podName ?? "";
    this.containerName = init.containerName ?? "";
    this.rawBytes = init.rawBytes ?? 0;
  }
}
