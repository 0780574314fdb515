import type { RestoredProfile } from "./journal-record.ts";
import { LearnedContainer, type LearnedProfile } from "./learned-container.ts";

/** Why nothing is called whole of which an earlier version kept a part. */
const PART_ONLY = "an earlier version of the sensor left what was learned before to the store";

/**
 * Gives a profile what a learner before this one left of it.
 *
 * @param claimByMs - monotonic: until when a container that was followed must be reported again.
 * @returns the containers that were being followed.
 *
 * @internal
 */
export function restoreProfile(
  profile: LearnedProfile,
  restored: RestoredProfile,
  claimByMs: number,
): readonly LearnedContainer[] {
  const { deltas, containers, isPartOnly } = restored;
  profile.isAdmitted = restored.isAdmitted;
  profile.observed |= restored.observed;
  profile.reliesOnStore = isPartOnly;
  // What the store has, too: it may be taken away there before anything final is said.
  for (const delta of deltas) profile.recording.restore(delta);
  const followed: LearnedContainer[] = [];
  for (const { init, gaps, isSeen, hasExec, claim } of containers.values()) {
    const container = new LearnedContainer(init, profile);
    container.gaps.push(...gaps);
    if (isPartOnly) container.addGap(PART_ONLY);
    container.events = isSeen ? 1 : 0;
    container.hasExec = hasExec;
    profile.containers.add(container);
    if (claim !== null) {
      container.restoreClaim(isPartOnly ? { ...claim, completion: "partial" } : claim);
      continue;
    }
    container.isUnclaimed = true;
    container.reason = "the learner before this one followed it";
    container.dueMs = claimByMs;
    followed.push(container);
  }
  if (profile.containers.size === 0 && profile.recording.size > 0) profile.containers.add(unknownContainer(profile));
  return followed;
}

/** What stands for a container whose record nobody can read: what it did is known, of itself nothing. */
function unknownContainer(profile: LearnedProfile): LearnedContainer {
  const container = new LearnedContainer(
    {
      containerId: "",
      namespace: profile.head.namespace,
      podName: "",
      containerName: "",
      startedAtMs: 0,
      learnedSinceMs: 0,
      windowMs: 0,
      isFromStart: false,
      runsToCompletion: false,
    },
    profile,
  );
  container.restoreClaim({ status: "ready", completion: "partial" });
  return container;
}
