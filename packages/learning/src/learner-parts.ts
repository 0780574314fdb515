import type { BlindTimes } from "./blind-times.ts";
import type { LearningCounts } from "./count-learning.ts";
import type { LearnedContainer } from "./learned-container.ts";
import type { LearningQueue } from "./learning-queue.ts";
import type { Persister } from "./persister.ts";
import type { ProfileShelf } from "./profile-shelf.ts";
import type { Reports } from "./reports.ts";
import type { ResolvedLearnerOptions } from "./resolve-learner-options.ts";
import type { VanishedContainers } from "./vanished-containers.ts";
import type { WakeTimer } from "./wake-timer.ts";

/** What a learner consists of, shared by what it does at the beginning and at the end of containers. @internal */
export interface LearnerParts {
  readonly options: ResolvedLearnerOptions;
  /** By id; also those that are not learned. */
  readonly containers: Map<string, LearnedContainer>;
  readonly profiles: ProfileShelf;
  readonly queue: LearningQueue;
  readonly persister: Persister;
  readonly reports: Reports;
  readonly counts: LearningCounts;
  readonly blind: BlindTimes;
  readonly vanished: VanishedContainers;
  readonly timer: WakeTimer;
}
