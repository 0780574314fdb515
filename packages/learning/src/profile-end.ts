import type { LearningTrigger } from "./learning-state.ts";
import type { ReportOutcome } from "./report-profile.ts";

/** What ends the learning of all containers of a profile. @internal */
export interface ProfileEnd {
  readonly trigger: LearningTrigger;
  readonly reason: string;
}

/** What an answer of the store means for them; undefined: they are learned on. @internal */
export const profileEnds: Readonly<Record<ReportOutcome, ProfileEnd | undefined>> = {
  stored: undefined,
  gone: undefined,
  "learned-elsewhere": { trigger: "learned-elsewhere", reason: "another learner completed the profile" },
  "already-learned": { trigger: "already-learned", reason: "the profile was learned before" },
  authored: { trigger: "already-learned", reason: "somebody wrote an object of this name by hand" },
  "too-large": { trigger: "overflow", reason: "the store refused the size of the profile" },
};
