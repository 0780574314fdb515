import type { LearningState } from "./learning-state.ts";

/** What a learner does with one container, for people. @public */
export interface LearningView {
  readonly containerId: string;
  readonly namespace: string;
  readonly podName: string;
  readonly containerName: string;
  /** Name of the ContainerProfile; empty for a container that is not learned. */
  readonly profileName: string;
  readonly state: LearningState;
  /** One sentence. */
  readonly reason: string;
  /** What the next report says, or the last one said; empty when nothing is claimed. */
  readonly status: string;
  readonly completion: string;
  /** Why the profile can be no more than partial; empty while it can. */
  readonly gaps: readonly string[];
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** When learning ends at the latest; undefined when it has. */
  readonly learnsUntilMs: number | undefined;
  /** When the next report is due; undefined when there is nothing to report. */
  readonly nextReportAtMs: number | undefined;
  /** Events of this container, known ones included. */
  readonly events: number;
  /** Surfaces of the profile that the sources look at: of the others nobody knows whether anything happened. Sorted. */
  readonly observed: readonly string[];
  /** Entries of the profile, those of other containers of the workload on this node included. */
  readonly entries: number;
  readonly bytes: number;
  /** About how many of them are not in the store yet. */
  readonly pendingBytes: number;
  readonly lastReport: { readonly atMs: number; readonly outcome: string } | undefined;
}

/** What waits for the store. @public */
export interface LearningQueueView {
  /** Profiles that the store lacks something of. */
  readonly profiles: number;
  readonly pendingBytes: number;
  /** Bytes in the queue directory; 0 when there is none. */
  readonly directoryBytes: number;
  /** Events that are not acknowledged because what they added is not persisted yet. */
  readonly waitingEvents: number;
  /** Records in the directory that could not be read when it was opened. */
  readonly corruptRecords: number;
  /** Why nothing can be persisted at the moment; empty when it can. */
  readonly problem: string;
}

/** @public */
export interface LearnerView {
  readonly containers: readonly LearningView[];
  readonly queue: LearningQueueView;
}
