import type { LearnedContainerInit } from "./learned-container.ts";
import type { LearningClaim } from "./learning-claim.ts";
import type { ProfileDelta } from "./profile-delta.ts";
import type { ProfileHead } from "./profile-head.ts";

/** A profile that is being learned; the last one of a key counts. @internal */
export interface ProfileRecord {
  readonly t: "profile";
  readonly k: string;
  readonly head: ProfileHead;
  readonly isAdmitted: boolean;
  /** 0; versions that left out additions which the store had wrote how many those are. */
  readonly stored: number;
  /** Surfaces that were looked at; absent in records of versions that did not note it. */
  readonly observed?: readonly string[];
}

/** A container as far as it has got; the last one of an id counts. @internal */
export interface ContainerRecord {
  readonly t: "container";
  readonly k: string;
  readonly init: LearnedContainerInit;
  readonly gaps: readonly string[];
  readonly isSeen: boolean;
  readonly hasExec: boolean;
  readonly claim: LearningClaim | null;
}

/** What a profile was found to hold. @internal */
interface AdditionRecord {
  readonly t: "add";
  readonly k: string;
  /** 1; versions that left out additions which the store had numbered them, and take those above `stored`. */
  readonly n: number;
  readonly delta: ProfileDelta;
}

/** Nothing of this profile is left to do. @internal */
interface EndRecord {
  readonly t: "end";
  readonly k: string;
}

/** @internal */
export type JournalRecord = ProfileRecord | ContainerRecord | AdditionRecord | EndRecord;
