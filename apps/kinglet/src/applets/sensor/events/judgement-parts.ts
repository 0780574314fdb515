import type { Alert, AlertKey } from "@kinglet/detection";
import type { ActivityEvent, ContainerIdentity, NetworkEvent, RuntimeEvent } from "@kinglet/enrichment";

/**
 * What an event passes on its way, loaded with the first one of a container.
 *
 * @internal
 */
export interface JudgementParts {
  /** Learns what the containers do; undefined when nothing is learned. */
  readonly learner:
    | {
        /** @returns 0, or what to wait for before the event is done with. */
        record(event: ActivityEvent, container: ContainerIdentity): number;
        /** Calls back once, with the sequence, when what was recorded outlives this process. */
        whenPersisted(position: number, sequence: number, done: (sequence: number) => void): void;
      }
    | undefined;
  /** Keeps the last events of each container for those who ask, and which process came from which. */
  readonly remember: (event: ActivityEvent, containerId: string) => void;
  /** Ends a process in the tree of processes. */
  readonly ended: (event: RuntimeEvent) => void;
  /** Holds a conversation until it is known whose the other address is; calls back then. Absent: nothing waits for that. */
  readonly peers?: {
    holds(event: NetworkEvent, container: ContainerIdentity, again: () => void): boolean;
  };
  /** Adds what is known of the processes above to an alert. */
  readonly complete: (alert: Alert, event: ActivityEvent) => Alert;
  /** False: the alert is held back; it is counted elsewhere. */
  readonly admit: (alert: AlertKey) => boolean;
  /** The alert left before a restart: its repetitions count from there. */
  readonly left: (alert: AlertKey) => void;
  /** Alerts that are held back and told in a summary: their event is not done with before their number outlives this process. */
  readonly held?: {
    readonly isPending: boolean;
    whenKept(sequence: number, done: (sequence: number) => void): void;
  };
  /** True for what the same process did a moment ago. */
  readonly isRepeated: (event: ActivityEvent) => boolean;
}
