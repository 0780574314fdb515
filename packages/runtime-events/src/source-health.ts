/** A time in which the source cannot tell what happened. @public */
export interface BlindInterval {
  /** Milliseconds since 1970; `untilMs` is undefined while it lasts. */
  readonly fromMs: number;
  readonly untilMs: number | undefined;
  /** One sentence. */
  readonly reason: string;
  /** The one container that it is about; absent: all of them. */
  readonly containerId?: string;
}

/** Where the reader stands. @public */
export interface SourcePosition {
  readonly path: string;
  readonly inode: string;
  /** Every line before this byte was delivered or counted, bytes. */
  readonly readOffset: number;
}

/** State of a source at one moment. @public */
export interface SourceHealth {
  /** Which source it is, e.g. `tetragon-file`. */
  readonly name: string;
  /** True while events would come if there were any: the file is being followed, the stream is open. */
  readonly connected: boolean;
  /** Why it is not connected, one sentence; empty when it is. */
  readonly reason: string;
  /**
   * Since when nothing is missed unnoticed, milliseconds since 1970: everything that happened from then on is delivered or lies in one of
   * `blindIntervals`. Undefined while nothing has been watched.
   */
  readonly watchingSinceMs?: number | undefined;
  /** When the last event was read, milliseconds since 1970; undefined before the first. */
  readonly lastEventAtMs: number | undefined;
  /** Events of known kinds, whether delivered or not. */
  readonly eventsTotal: number;
  /** What could not be used: malformed, too long, cut. */
  readonly decodeErrors: number;
  /** Events of kinds that this version does not know. */
  readonly unknownEvents: number;
  /** Events that the source itself says it left out. */
  readonly droppedUpstream: number;
  /** True when `droppedUpstream` is worked out, not reported. */
  readonly isEstimate: boolean;
  /** Events that this process could not keep up with and left out. */
  readonly droppedByUs: number;
  /** Events that were delivered and not acknowledged. */
  readonly openEvents: number;
  /** Events that were received and wait to be delivered; absent for a source that leaves them where it reads. */
  readonly waitingEvents?: number;
  /** Those that last, and the last ones of each cause; all of the last ten minutes, two of which may be told as one. */
  readonly blindIntervals: readonly BlindInterval[];
  /** Undefined for a source that is no file. */
  readonly position: SourcePosition | undefined;
}
