import { joinCompletion, joinStatus } from "@kinglet/profile/merging";
import type { LearningClaim } from "./learning-claim.ts";
import type { ProfileHead } from "./profile-head.ts";
import type { Recording } from "./recording.ts";

/** What a profile asks of a container that it is learned from. @internal */
export interface ProfileContributor {
  readonly isLearning: boolean;
  readonly isClean: boolean;
  readonly claim: LearningClaim | undefined;
  readonly finalClaim: LearningClaim | undefined;
}

/** What became of the last report. @internal */
export interface LastReport {
  readonly atMs: number;
  readonly outcome: string;
}

/**
 * One profile that is being learned: what its containers did, and how far that got into the store.
 *
 * @internal
 */
export class ProfileProgress<Contributor extends ProfileContributor> {
  /** `namespace/name`. */
  readonly key: string;
  /** Namespace and name alone once the profile has left the learner. */
  head: ProfileHead;
  /** Empty, and shared, once the profile has left the learner. */
  recording: Recording;
  readonly containers: Set<Contributor> = new Set();
  /** True once the store took something while the profile was not final: this learner may finish what it began. */
  isAdmitted = false;
  isReporting = false;
  /** True when the next report is due at once. */
  isUrgent = false;
  /** Monotonic; infinite while there is nothing to report. */
  reportDueMs: number = Number.POSITIVE_INFINITY;
  /** Monotonic: no report before, unless one is urgent. */
  nextReportMs: number;
  /** Failed reports in a row. */
  failures = 0;
  /** True when the next report is to look at what the store has, also when there is nothing new. */
  isDoubted = false;
  lastReport: LastReport | undefined;
  /** Version of the recording that is in the store. */
  storedVersion = 0;
  storedBytes = 0;
  storedClaim = "";
  /** Surfaces of which anything was seen until now or before it began, bits of `surfaceBit`: an empty one was looked at, too. */
  observed = 0;
  /** True when a learner of an earlier version left something in the store alone, and it was not found missing. */
  reliesOnStore = false;

  constructor(head: ProfileHead, recording: Recording, nextReportMs: number) {
    this.key = profileKey(head.namespace, head.name);
    this.head = head;
    this.recording = recording;
    this.nextReportMs = nextReportMs;
  }

  /** True when there is anything that could be said of it, here or in the store. */
  get hasContent(): boolean {
    return this.recording.size > 0 || this.reliesOnStore;
  }

  /** Bytes that the store does not have. */
  get pendingBytes(): number {
    return this.recording.version === this.storedVersion ? 0 : Math.max(1, this.recording.bytes - this.storedBytes);
  }

  /** True when a container is still followed. */
  get isLive(): boolean {
    for (const container of this.containers) if (container.isLearning) return true;
    return false;
  }

  /** True while one of the containers may still prove, or has proved, that all was seen. */
  get mayBeComplete(): boolean {
    for (const { isLearning, isClean, finalClaim } of this.containers) {
      if (finalClaim === undefined ? isLearning && isClean : finalClaim.completion === "complete") return true;
    }
    return false;
  }

  /** True when another container that ended says the same, so that this one need not be kept for saying it. */
  hasClaimOfAnother(container: Contributor): boolean {
    const { finalClaim } = container;
    for (const other of this.containers) {
      if (other === container || other.finalClaim === undefined) continue;
      if (other.finalClaim.status === finalClaim?.status && other.finalClaim.completion === finalClaim.completion) {
        return true;
      }
    }
    return false;
  }

  /** The highest of what the containers say; undefined when none says anything. */
  get claim(): LearningClaim | undefined {
    let status = "";
    let completion = "";
    for (const { claim } of this.containers) {
      if (claim === undefined) continue;
      status = joinStatus(status, claim.status);
      completion = joinCompletion(completion, claim.completion);
    }
    return status === "" ? undefined : ({ status, completion } as LearningClaim);
  }
}

/** @internal */
export function profileKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}
