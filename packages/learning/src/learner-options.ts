import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";
import type { InstanceIdParts, ProfileCompletion, ProfileStatus, ProfileSurface } from "@kinglet/profile";
import type { CollapseConfiguration } from "@kinglet/profile/merging";
import type { JournalFiles } from "./journal-files.ts";
import type { LearnedProfileStore } from "./learned-profile-store.ts";
import type { LearningLimits } from "./learning-limits.ts";
import type { LearningTimings } from "./learning-timings.ts";
import type { PeerLookup } from "./peer-lookup.ts";

/** What a learner works with. @public */
export interface LearnerOptions {
  readonly store: LearnedProfileStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** @defaultValue `defaultLearningTimings` */
  readonly timings?: Partial<LearningTimings>;
  /** @defaultValue `defaultLearningLimits` */
  readonly limits?: Partial<LearningLimits>;
  /**
   * Directory of this process alone, made when it is missing. Without one nothing is persisted before the store has it: events count as
   * persisted at once, and what was learned since the last report is lost with the process.
   */
  readonly queueDir?: string | undefined;
  /**
   * Surfaces that the sources surely look at, of `profileDataRequired`'s words: an empty list of theirs means that nothing happened. The
   * others count as looked at from the first event on. @defaultValue none
   */
  readonly observed?: readonly ProfileSurface[];
  /** Whose address it is. @defaultValue peers are told by looked-up name and address only */
  readonly peers?: PeerLookup | undefined;
  /** @defaultValue `defaultCollapseConfiguration` */
  readonly collapse?: CollapseConfiguration | undefined;
  /** For the workload's id in annotations; empty: left out. @defaultValue empty */
  readonly clusterName?: string;
  /** As container images name it, e.g. `amd64`. @defaultValue that of this process */
  readonly architecture?: string;
  /** 0 ≤ x < 1. @defaultValue `Math.random` */
  readonly random?: () => number;
  /** Told of each profile that the store has taken something of. */
  readonly onReported?: (report: LearningReport) => void;
  /**
   * Called before it is decided whether a container was seen without a gap, which cannot be taken back when it is: blind times that the
   * learner does not know are to be told now.
   */
  readonly onDeciding?: () => void;
  /**
   * Called once when a container's learning time is over or it has ended: what it did until then may not have been told yet, as lines of a file
   * that are not read.
   *
   * @returns tells whether by now everything has been told that had happened when `caughtUp` was called. Asked each second until it has, for a
   * hundred seconds at most; what is missing then is a gap.
   * @defaultValue it had
   */
  readonly caughtUp?: () => () => boolean;
  /** @internal */
  readonly files?: JournalFiles;
}

/** What a report said. @public */
export interface LearningReport {
  readonly namespace: string;
  readonly name: string;
  readonly status: ProfileStatus;
  readonly completion: ProfileCompletion;
}

/** How a container comes to a learner. @public */
export interface ContainerStart {
  /** Name of its ContainerProfile, the same that readers ask for (`containerSlug`); empty: it cannot have one. */
  readonly profileName: string;
  /** What the name was made of. @defaultValue made of the identity; to be given for runs of a CronJob, which have a name in common */
  readonly instance?: InstanceIdParts | undefined;
  /** Milliseconds since 1970. @defaultValue now */
  readonly startedAtMs?: number | undefined;
  /** True when it ran before anybody watched: its profile can be no more than partial. */
  readonly isAlreadyRunning: boolean;
  /**
   * True when the sources go on exactly where the process before this one ended, so that a container which that one had followed from its
   * start is still one that was seen from its start. @defaultValue false
   */
  readonly isContinued?: boolean;
  /** Why it shall not be learned, one sentence. @defaultValue it is learned, unless its pod names a user's profile */
  readonly ignoredBecause?: string | undefined;
}
