import type { LearnedContainer } from "./learned-container.ts";
import type { LearningClaim } from "./learning-claim.ts";
import type { LearningTrigger } from "./learning-state.ts";

/** What becomes of a container, and what is said of it. @internal */
export interface LearningDecision {
  readonly trigger: LearningTrigger;
  readonly reason: string;
  /** Undefined: nothing. */
  readonly claim: LearningClaim | undefined;
}

/**
 * The learning time is over.
 *
 * @returns undefined when nothing was seen in it, so that nothing can be said.
 *
 * @internal
 */
export function decideWindow(container: LearnedContainer): LearningDecision | undefined {
  if (!wasSeen(container)) return undefined;
  const doubt = doubtOf(container);
  return {
    trigger: "window-over",
    reason: doubt === undefined ? "its learning time is over" : `its learning time is over; partial: ${doubt}`,
    claim: { status: "completed", completion: doubt === undefined ? "complete" : "partial" },
  };
}

/**
 * The container ended, and its exit code is known or nobody says it any more.
 *
 * What a container that failed did counts as what it does, but never as all of it. Nor does what one replica did until it was stopped in
 * good order, before its learning time was over: the next one may improve it.
 *
 * @internal
 */
export function decideEnd(container: LearnedContainer): LearningDecision {
  if (!wasSeen(container)) {
    return { trigger: "exit-unseen", reason: "it ended and nothing was seen of it", claim: undefined };
  }
  const { exitCode } = container;
  if (exitCode !== 0) {
    const reason = exitCode === undefined ? "it ended, nobody knows how" : `it ended with exit code ${exitCode}`;
    return { trigger: "exit-failed", reason, claim: { status: "completed", completion: "partial" } };
  }
  const doubt =
    doubtOf(container) ?? (container.runsToCompletion ? undefined : "it was stopped before its learning time was over");
  return {
    trigger: "exit-succeeded",
    reason: doubt === undefined ? "it did its work" : `it ended well; partial: ${doubt}`,
    claim: { status: "completed", completion: doubt === undefined ? "complete" : "partial" },
  };
}

/** True when there is anything that a profile could be made of. */
function wasSeen({ events, profile }: LearnedContainer): boolean {
  return events > 0 && profile?.hasContent === true;
}

/** Why the profile cannot be all that the container does; undefined when nothing speaks against it. */
function doubtOf({ isFromStart, gaps, hasExec }: LearnedContainer): string | undefined {
  if (!isFromStart) return "it ran before it was watched";
  if (gaps.length > 0) return gaps.join("; ");
  return hasExec ? undefined : "its own start was not seen";
}
