import type { RestoredProfile } from "./journal-record.ts";
import { LearnedContainer, type LearnedProfile } from "./learned-container.ts";

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
  const { stored, deltas, containers } = restored;
  profile.isAdmitted = restored.isAdmitted;
  profile.observed |= restored.observed;
  // What gets a number that the store has is skipped by the next learner.
  profile.persistedCount = Math.max(restored.count, stored);
  profile.storedCount = stored;
  profile.reliesOnStore = stored > 0;
  for (const { n, delta } of deltas) if (n > stored) profile.recording.restore(delta);
  const followed: LearnedContainer[] = [];
  for (const { init, gaps, isSeen, hasExec, claim } of containers.values()) {
    const container = new LearnedContainer(init, profile);
    container.gaps.push(...gaps);
    container.events = isSeen ? 1 : 0;
    container.hasExec = hasExec;
    profile.containers.add(container);
    if (claim !== null) {
      container.restoreClaim(claim);
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
