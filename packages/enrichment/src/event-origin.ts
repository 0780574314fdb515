/** The parts of a node that report what its processes do. @public */
export type EventSourceName = "tetragon" | "linux-audit";

/**
 * What every event has in common: which source saw it and whose process it was. All fields always have a value.
 *
 * @public
 */
export interface EventOrigin {
  /** The source that reported it. */
  readonly source: EventSourceName;
  /** 1, 2, 3 ... in the order in which this run of the source delivers; the source is told by it that the event is done with. */
  readonly sequence: number;
  /** Node as the source names it; empty when it does not. */
  readonly nodeName: string;
  /** RFC 3339 as received, nanoseconds kept; empty when absent. Not ascending: sources report late. */
  readonly time: string;
  /** When this process read it, milliseconds since 1970. */
  readonly receivedAtMs: number;
  /** Opaque key of the execution, unique per boot of a node; empty when the source does not know it. */
  readonly execId: string;
  /** Process id in the host's PID namespace; -1 when absent. */
  readonly pid: number;
  /** Real user id in the host's user namespace; -1 when absent. */
  readonly uid: number;
  /** Path of the executed file as the process gave it; empty when absent. */
  readonly binary: string;
  /** The parent's `binary`; empty when the source does not know the parent. */
  readonly parentBinary: string;
  /** -1 when the source does not know the parent. */
  readonly parentPid: number;
  /** First digits of the container's id, lower-case hex (31 of 64 in current Tetragon); empty for a process of the host. */
  readonly containerIdPrefix: string;
  /** Pod as the source knows it; all four are empty when it does not. */
  readonly podUid: string;
  readonly podNamespace: string;
  readonly podName: string;
  readonly containerName: string;
  /** Size of the event as received, bytes. */
  readonly rawBytes: number;
}

/**
 * The part of an {@link EventOrigin} that has to be given; the rest defaults to "absent".
 *
 * @public
 */
export type EventOriginInit = Pick<EventOrigin, "sequence"> & Partial<EventOrigin>;
