import type { EventOrigin, EventOriginInit } from "./event-origin.ts";

/** What a new {@link ExitEvent} is made of. @public */
export type ExitEventInit = EventOriginInit & { readonly signal?: string; readonly status?: number };

/**
 * A process ended. There may be no execution for it: a process that only forked ends too, and events overtake each other.
 *
 * @public
 */
export class ExitEvent implements EventOrigin {
  readonly kind: "exit";
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
  /** Name of the signal that ended it, e.g. `SIGKILL`; empty when none did. */
  readonly signal: string;
  /** Exit status, 0 ... 255. */
  readonly status: number;
  readonly rawBytes: number;

  /** @param init - at least the sequence; what is left out is "absent" (empty, -1, status 0). */
  constructor(init: ExitEventInit) {
    this.kind = "exit";
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
    this.signal = init.signal ?? "";
    this.status = init.status ?? 0;
    this.rawBytes = init.rawBytes ?? 0;
  }
}
