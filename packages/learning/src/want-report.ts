import type { LearnedProfile } from "./learned-container.ts";
import type { LearnerParts } from "./learner-parts.ts";

/** There is news of the profile. While there is nothing to say of it nobody has to be woken for it. @internal */
export function wantReport({ reports, timer }: Pick<LearnerParts, "reports" | "timer">, profile: LearnedProfile): void {
  if (profile.claim === undefined) return;
  reports.want(profile);
  timer.wakeAt(profile.reportDueMs);
}
