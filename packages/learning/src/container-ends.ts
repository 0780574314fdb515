import { decideEnd, decideWindow } from "./decide-claim.ts";
import type { LearnedContainer, LearnedProfile } from "./learned-container.ts";
import type { LearnerParts } from "./learner-parts.ts";
import type { LearningTrigger } from "./learning-state.ts";
import { profileEnds } from "./profile-end.ts";
import type { ReportOutcome } from "./report-profile.ts";
import { wantReport } from "./want-report.ts";

/** How long sources that are behind are waited for: to read on for a minute, and for what was read to be done with, 35 s at most. */
const MAX_BEHIND_MS = 100_000;
/** How often they are asked meanwhile, at most. */
const ASK_AGAIN_MS = 1_000;

/**
 * How learning comes to an end: what is decided of a container when its time is over, what the store answers, and what there is no room for.
 *
 * @internal
 */
export class ContainerEnds {
  readonly #parts: LearnerParts;
  readonly #ended: (containerId: string) => void;

  /** @param ended - told of a container that nobody has named since the learner before this one. */
  constructor(parts: LearnerParts, ended: (containerId: string) => void) {
    this.#parts = parts;
    this.#ended = ended;
  }

  /** Its learning time is over, or it is settled after its end. */
  due(container: LearnedContainer, nowMs: number): void {
    if (container.isUnclaimed) this.#ended(container.containerId);
    if (!this.#isTold(container, nowMs)) return;
    // What is said now is never taken back.
    this.#parts.options.onDeciding();
    const decision = container.state === "ending" ? decideEnd(container) : decideWindow(container);
    if (decision === undefined) {
      // An object that says `completed` and nothing else would be held against the container for ever.
      container.beginAnew(nowMs);
      return;
    }
    this.#finish(container, decision.trigger, decision.reason);
    container.finalClaim = decision.claim;
    const profile = container.profile!; // one that something is due for has a profile
    if (decision.claim === undefined) this.#leave(container, profile);
    else {
      // What waits for the store must not take the places of containers that run.
      if (container.endedAtMs !== undefined) this.#parts.containers.delete(container.containerId);
      if (profile.hasClaimOfAnother(container)) {
        profile.containers.delete(container);
        // Nobody will report it: without this one that still runs would be kept when it has ended, for ever.
        container.isReported = true;
      }
      this.#parts.reports.hurry(profile);
    }
  }

  /** True when what the container did until it was due has been recorded, or is not waited for any longer. */
  #isTold(container: LearnedContainer, nowMs: number): boolean {
    const { caughtUp, timings } = this.#parts.options;
    const { isTold, untilMs } = (container.awaited ??= { isTold: caughtUp(), untilMs: nowMs + MAX_BEHIND_MS });
    const isOver = isTold();
    if (!isOver && nowMs < untilMs) {
      container.dueMs = nowMs + Math.min(timings.lateEventsMs, ASK_AGAIN_MS);
      return false;
    }
    container.awaited = undefined;
    if (!isOver) container.addGap("the sources were behind when it was due");
    return true;
  }

  /** It is more than may be held: what it is so far is reported, and nothing more is learned. */
  overflow(profile: LearnedProfile, reason: string): void {
    for (const container of profile.containers) {
      if (!this.#finish(container, "overflow", reason)) continue;
      container.finalClaim = { status: "too-large", completion: "partial" };
    }
    this.#parts.reports.hurry(profile);
    this.#parts.timer.wakeAt(profile.reportDueMs);
  }

  /** The store has answered. */
  settled(profile: LearnedProfile, outcome: ReportOutcome, finals: readonly LearnedContainer[]): void {
    if (outcome === "gone") this.#lost(profile);
    const end = profileEnds[outcome];
    for (const container of profile.containers) {
      if (end === undefined) {
        if (container.state === "initializing") {
          container.move("reported", container.events === 0 ? "nothing was seen of it yet" : container.reason);
        }
      } else if (!this.#finish(container, end.trigger, end.reason)) container.reason = end.reason;
    }
    const gone = end === undefined ? finals : [...profile.containers];
    for (const container of gone) this.#leave(container, profile);
    if (profile.recording.version !== profile.storedVersion && this.#parts.profiles.byKey.has(profile.key)) {
      wantReport(this.#parts, profile);
    }
  }

  /** A container that is not learned any more has ended. */
  forget(container: LearnedContainer): void {
    if (container.profile === undefined || container.isReported) this.#parts.containers.delete(container.containerId);
  }

  /** The profile is dropped before the store has it. */
  evict(profile: LearnedProfile, reason: "full" | "given_up"): void {
    this.#parts.counts.evictions.add(1, { reason });
    if (reason === "full") {
      const { namespace, name } = profile.head;
      this.#parts.options.logger.warn("a learned profile is dropped: no room until the store takes it", {
        namespace,
        name,
      });
    }
    for (const container of profile.containers) this.#leave(container, profile);
    this.remove(profile);
  }

  /** Nothing is left to do for the profile. */
  remove(profile: LearnedProfile): void {
    if (!this.#parts.profiles.remove(profile)) return;
    this.#parts.queue.ended(profile);
    this.#parts.timer.wakeAt(this.#parts.persister.dueMs());
  }

  /** @returns false when it is at an end already. */
  #finish(container: LearnedContainer, trigger: LearningTrigger, reason: string): boolean {
    if (!container.move(trigger, reason)) return false;
    container.dueMs = Number.POSITIVE_INFINITY;
    this.#parts.counts.finished.add(1, { state: container.state });
    this.#parts.queue.containerChanged(container);
    this.#parts.timer.wakeAt(this.#parts.persister.dueMs());
    return true;
  }

  /** What an earlier version had left to the store is not there any more, and nothing came since: there is nothing to say. */
  #lost(profile: LearnedProfile): void {
    profile.reliesOnStore = false;
    for (const container of profile.containers) {
      if (container.addGap("what was learned before is gone from the store"))
        this.#parts.queue.containerChanged(container);
      if (container.finalClaim !== undefined) this.#leave(container, profile);
    }
  }

  /** Nothing more is said of the container. */
  #leave(container: LearnedContainer, profile: LearnedProfile): void {
    profile.containers.delete(container);
    container.isReported = true;
    if (container.endedAtMs !== undefined) this.#parts.containers.delete(container.containerId);
    if (profile.containers.size === 0) this.remove(profile);
    else this.#parts.queue.profileChanged(profile);
  }
}
