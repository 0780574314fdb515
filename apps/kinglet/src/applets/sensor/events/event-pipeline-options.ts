import type { Detector } from "@kinglet/detection";
import type { ActivityEvent, ContainerIndex } from "@kinglet/enrichment";
import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { RuntimeEventSource } from "@kinglet/runtime-events";

/**
 * What a pipeline works with.
 *
 * @internal
 */
export interface EventPipelineOptions {
  readonly source: Pick<RuntimeEventSource, "acknowledge" | "confirmAlert" | "wasConfirmed">;
  readonly index: ContainerIndex;
  /** False while the copy of the pods may be behind. */
  readonly isIndexCurrent: () => boolean;
  readonly detector: Pick<Detector, "find">;
  /** True once the first look at this container's profile is over. */
  readonly isProfileKnown: (containerId: string) => boolean;
  /** True when containers that run already are learned by what the source tells of them at its start. */
  readonly isLearning: boolean;
  /**
   * An event was given up before it was learned: nobody knew its container in time (undefined), or nothing was loaded in time. Learning is to
   * know that it missed something.
   */
  readonly onMissed?: (event: ActivityEvent, containerId: string | undefined) => void;
  /** Called once, with the first event of a container that is watched: rules and everything else must be loaded. */
  readonly onFirstEvent: () => void;
  readonly ignoredNamespaces: ReadonlySet<string>;
  /** Bound of the waiting room and of the profile gate, events. */
  readonly maxWaiting: number;
  /**
   * Bound of what waits for a container, and as much again of what waits for a profile or a receiver of alerts, bytes of memory: arguments
   * are the container's to choose, and so is their length.
   */
  readonly maxWaitingBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}
