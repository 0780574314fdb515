import type { ContainerIdentity } from "@kinglet/enrichment";
import { blindReason } from "./blind-times.ts";
import type { ContainerEnds } from "./container-ends.ts";
import { createContainerInit, ignoredBecause, learnedHow } from "./container-init.ts";
import type { RestoredProfile } from "./journal-record.ts";
import { LearnedContainer, type LearnedProfile } from "./learned-container.ts";
import type { ContainerStart } from "./learner-options.ts";
import type { LearnerParts } from "./learner-parts.ts";
import { createProfileHead } from "./profile-head.ts";
import { profileKey } from "./profile-progress.ts";
import { restoreProfile } from "./restore-profile.ts";

/**
 * How a container comes to be learned: it begins, it is found again after a restart, or it is all that an earlier learner left.
 *
 * @internal
 */
export class ContainerStarts {
  readonly #parts: LearnerParts;
  readonly #ends: Pick<ContainerEnds, "remove">;

  constructor(parts: LearnerParts, ends: Pick<ContainerEnds, "remove">) {
    this.#parts = parts;
    this.#ends = ends;
  }

  /** One that nobody knew; not learned, with a reason, where `ignoredBecause` names one. */
  add(identity: ContainerIdentity, start: ContainerStart): void {
    const { clock, timings } = this.#parts.options;
    const nowMs = clock.now();
    const init = createContainerInit(identity, start, { nowMs, maxLearningMs: timings.maxLearningMs });
    const ignored = ignoredBecause(identity, start);
    if (ignored !== undefined) {
      const container = new LearnedContainer(init, undefined);
      container.ignore(ignored);
      this.#parts.containers.set(init.containerId, container);
      return;
    }
    const profile = this.#profileOf(identity, start);
    const container = new LearnedContainer(init, profile);
    container.reason = learnedHow(identity, init.isFromStart);
    container.dueMs = clock.monotonicMs() + Math.max(0, init.learnedSinceMs + init.windowMs - nowMs);
    this.#parts.containers.set(init.containerId, container);
    profile.containers.add(container);
    const blindSince = this.#parts.blind.startOfOverlap(init.learnedSinceMs);
    if (blindSince !== undefined) container.addGap(blindReason(blindSince));
    if (this.#parts.vanished.take(init.containerId)) container.addGap("it was taken for ended for a while");
    this.#parts.queue.containerChanged(container);
    this.#parts.timer.wakeAt(Math.min(container.dueMs, this.#parts.persister.dueMs()));
  }

  /** A container that a learner before this one followed is there. */
  claim(container: LearnedContainer, start: ContainerStart): void {
    if (!container.isUnclaimed) return;
    container.isUnclaimed = false;
    container.reason = "it is learned on, after a restart of the learner";
    if (start.isContinued !== true) container.addGap("the learner was restarted meanwhile");
    const { clock } = this.#parts.options;
    const restMs = Math.max(0, container.learnedSinceMs + container.windowMs - clock.now());
    container.dueMs = clock.monotonicMs() + restMs;
    this.#parts.queue.containerChanged(container);
    this.#parts.timer.wakeAt(Math.min(container.dueMs, this.#parts.persister.dueMs()));
  }

  /** Takes up what a learner before this one left. */
  restore(restored: RestoredProfile): void {
    const { clock, timings } = this.#parts.options;
    const nowMs = clock.monotonicMs();
    const profile = this.#parts.profiles.open(restored.head, nowMs);
    if (restored.deltas.length > 0) this.#parts.profiles.begin(profile);
    this.#parts.queue.profileChanged(profile);
    const followed = restoreProfile(profile, restored, nowMs + timings.claimWithinMs);
    for (const container of followed) this.#parts.containers.set(container.containerId, container);
    this.#parts.profiles.grow(profile.recording.bytes);
    if (profile.containers.size === 0) this.#ends.remove(profile);
    else this.#parts.reports.want(profile);
  }

  #profileOf(identity: ContainerIdentity, start: ContainerStart): LearnedProfile {
    const { clusterName, architecture, clock, timings, random } = this.#parts.options;
    const known = this.#parts.profiles.byKey.get(profileKey(identity.namespace, start.profileName));
    if (known !== undefined) return known;
    const { instance, profileName: name } = start;
    const head = createProfileHead(identity, { name, instance, clusterName, architecture });
    const delayMs = timings.initialDelayMs * (1 + timings.jitter * (2 * random() - 1));
    const profile = this.#parts.profiles.open(head, clock.monotonicMs() + delayMs);
    this.#parts.queue.profileChanged(profile);
    return profile;
  }
}
