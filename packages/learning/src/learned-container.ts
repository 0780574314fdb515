import type { ContainerIdentity } from "@kinglet/enrichment";
import { isLearning, nextLearningState, type LearningState, type LearningTrigger } from "./learning-state.ts";
import type { LearningClaim } from "./learning-claim.ts";
import type { ProfileProgress } from "./profile-progress.ts";

/** A profile that is being learned. @internal */
export type LearnedProfile = ProfileProgress<LearnedContainer>;

/** What is known of a container when it is first seen. @internal */
export interface LearnedContainerInit {
  readonly containerId: string;
  readonly namespace: string;
  readonly podName: string;
  readonly containerName: string;
  readonly startedAtMs: number;
  readonly learnedSinceMs: number;
  readonly windowMs: number;
  readonly isFromStart: boolean;
  /** True when ending well is the end of its life's work, not of one replica. */
  readonly runsToCompletion: boolean;
}

/** Owners that start another container when one ends, however it ends. */
const LASTING_OWNERS: ReadonlySet<string> = new Set([
  "ReplicaSet",
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicationController",
]);
const MAX_GAPS = 8;
/** The label of a pod may say a nanosecond: a container that does nothing must not be looked at all the time. */
const MIN_NEXT_WINDOW_MS = 60_000;

/** True when ending with exit code 0 means that everything was done that the container is there for. @internal */
export function runsToCompletion({ containerType, ownerKind }: ContainerIdentity): boolean {
  return containerType !== "containers" || !LASTING_OWNERS.has(ownerKind);
}

/**
 * One container on its way through the {@link LearningState}s.
 *
 * @internal
 */
export class LearnedContainer {
  readonly containerId: string;
  readonly namespace: string;
  readonly podName: string;
  readonly containerName: string;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly learnedSinceMs: number;
  readonly windowMs: number;
  readonly isFromStart: boolean;
  readonly runsToCompletion: boolean;
  /** Undefined for a container that is not learned. */
  readonly profile: LearnedProfile | undefined;
  /** Why it is where it is, one sentence. */
  reason = "";
  /** Times and losses that the profile knows nothing of. */
  readonly gaps: string[] = [];
  events = 0;
  hasExec = false;
  /** Monotonic: when the learning time is over, or when an ended container is settled. */
  dueMs: number = Number.POSITIVE_INFINITY;
  /** What is waited for before anything is decided; undefined while nothing is due. */
  awaited: { readonly isTold: () => boolean; readonly untilMs: number } | undefined;
  exitCode: number | undefined;
  /** Milliseconds since 1970; undefined while it runs. */
  endedAtMs: number | undefined;
  /** What is said of it from now on, once that is decided. */
  finalClaim: LearningClaim | undefined;
  /** True when its {@link LearnedContainer.finalClaim} is in the store. */
  isReported = false;
  /** True for one that an earlier process followed and nobody has named since. */
  isUnclaimed = false;
  #state: LearningState = "initializing";

  constructor(init: LearnedContainerInit, profile: LearnedProfile | undefined) {
    this.containerId = init.containerId;
    this.namespace = init.namespace;
    this.podName = init.podName;
    this.containerName = init.containerName;
    this.startedAtMs = init.startedAtMs;
    this.learnedSinceMs = init.learnedSinceMs;
    this.windowMs = init.windowMs;
    this.isFromStart = init.isFromStart;
    this.runsToCompletion = init.runsToCompletion;
    this.profile = profile;
  }

  get state(): LearningState {
    return this.#state;
  }

  get isLearning(): boolean {
    return isLearning(this.#state);
  }

  /** True while nothing is known that would make the profile partial. */
  get isClean(): boolean {
    return this.isFromStart && this.gaps.length === 0;
  }

  /** @returns false when the trigger means nothing in this state. */
  move(trigger: LearningTrigger, reason: string): boolean {
    const next = nextLearningState(this.#state, trigger);
    if (next === this.#state) return false;
    this.#state = next;
    this.reason = reason;
    return true;
  }

  /** Nothing was seen of it in its learning time. */
  beginAnew(nowMs: number): void {
    this.dueMs = nowMs + Math.max(this.windowMs, MIN_NEXT_WINDOW_MS);
    this.reason = "nothing was seen in its learning time, which began anew";
  }

  /** Not learned from the beginning. */
  ignore(reason: string): void {
    this.#state = "ignored";
    this.reason = reason;
  }

  /** Decided by an earlier process; only its report is missing. */
  restoreClaim(claim: LearningClaim): void {
    this.#state = "completed";
    this.reason = "it ended before this process began";
    this.finalClaim = claim;
    this.endedAtMs = this.startedAtMs;
  }

  /** @returns false when it is known already, or can change nothing any more. */
  addGap(reason: string): boolean {
    if (!this.isLearning || this.gaps.includes(reason)) return false;
    if (this.gaps.length >= MAX_GAPS) return false;
    this.gaps.push(reason);
    return true;
  }

  /** What is said of the container now; undefined: nothing. */
  get claim(): LearningClaim | undefined {
    if (this.finalClaim !== undefined) return this.finalClaim;
    if (!this.isLearning || this.events === 0 || this.profile?.hasContent !== true) return undefined;
    // `complete` is never taken back, so nobody says it before the end.
    return { status: "ready", completion: this.isClean ? "" : "partial" };
  }
}
