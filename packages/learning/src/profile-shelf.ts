import type { ActivityEvent } from "@kinglet/enrichment";
import { collapseProfile } from "@kinglet/profile/merging";
import type { LearnedContainer, LearnedProfile } from "./learned-container.ts";
import { ProfileProgress } from "./profile-progress.ts";
import { createLearnedProfile, type ProfileHead } from "./profile-head.ts";
import { Recording } from "./recording.ts";
import { bitsOf, surfaceBit } from "./surface-bits.ts";
import type { ResolvedLearnerOptions } from "./resolve-learner-options.ts";

const noTexts = {} as const;
const noHead = {
  annotations: noTexts,
  labels: noTexts,
  architecture: "",
  imageID: "",
  imageTag: "",
  matchLabels: noTexts,
} as const;
const noOthers = { capabilities: [], syscalls: [], execs: [], rulePolicies: {}, ingress: [], egress: [] } as const;

/**
 * The profiles that a learner holds, oldest first, and how much they are together.
 *
 * @internal
 */
export class ProfileShelf {
  readonly byKey: Map<string, LearnedProfile> = new Map();
  readonly #options: ResolvedLearnerOptions;
  #bytes = 0;
  #nothing: Recording | undefined;
  /** Surfaces that the sources are known to look at: by the options, or by an event of whatever container. */
  #observed: number;

  constructor(options: ResolvedLearnerOptions) {
    this.#options = options;
    this.#observed = bitsOf(options.observed);
  }

  /** True when nothing more may be recorded. */
  get isFull(): boolean {
    return this.#bytes >= this.#options.maxTotalBytes;
  }

  open(head: ProfileHead, nextReportMs: number): LearnedProfile {
    this.#nothing ??= this.#createRecording(head);
    const profile = new ProfileProgress<LearnedContainer>(head, this.#nothing, nextReportMs);
    profile.observed = this.#observed;
    this.byKey.set(profile.key, profile);
    return profile;
  }

  /**
   * Notes that the sources look at the surface that the event is about: a list that stays empty means from now on that nothing happened.
   *
   * @returns true when that is news, at most once for each surface.
   */
  sees(event: ActivityEvent): boolean {
    const observed = this.#observed | surfaceBit(event);
    if (observed === this.#observed) return false;
    this.#observed = observed;
    for (const profile of this.byKey.values()) if (profile.isLive) profile.observed |= observed;
    return true;
  }

  /** Where to record for the profile. Until something is, what holds nothing is one for all of them: an own one takes about 3 KiB. */
  begin(profile: LearnedProfile): Recording {
    if (profile.recording === this.#nothing) profile.recording = this.#createRecording(profile.head);
    return profile.recording;
  }

  /** A recording takes so many bytes more. */
  grow(bytes: number): void {
    this.#bytes += bytes;
  }

  /** @returns false when it is not here. */
  remove(profile: LearnedProfile): boolean {
    if (this.byKey.get(profile.key) !== profile) return false;
    this.byKey.delete(profile.key);
    this.#bytes -= profile.recording.bytes;
    // Containers that run on know their profile as long as they run; what was recorded is in the store, or given up. Nothing is recorded of
    // them any more, so that what holds nothing can be one for all of them.
    const { namespace, name } = profile.head;
    profile.head = { ...noHead, namespace, name };
    profile.recording = this.#nothing!; // Made with the first profile.
    profile.storedVersion = profile.recording.version;
    profile.storedBytes = 0;
    return true;
  }

  /** The profile that has waited longest for the store and whose containers have ended. */
  oldestEnded(): LearnedProfile | undefined {
    for (const profile of this.byKey.values()) if (!profile.isLive) return profile;
    return undefined;
  }

  /** Those that are more than may wait for the store, oldest first. */
  tooMany(): readonly LearnedProfile[] {
    const ended: LearnedProfile[] = [];
    for (const profile of this.byKey.values()) if (!profile.isLive) ended.push(profile);
    return ended.slice(0, Math.max(0, ended.length - this.#options.limits.maxQueuedProfiles));
  }

  #createRecording(head: ProfileHead): Recording {
    const { limits, peers, collapse, queueDir } = this.#options;
    return new Recording({
      namespace: head.namespace,
      maxArgumentLists: limits.maxArgumentLists,
      maxCallers: limits.maxCallers,
      peers,
      keepsDelta: queueDir !== undefined,
      collapseOpens: (opens) =>
        collapseProfile(createLearnedProfile(head, { ...noOthers, opens }, {}), collapse).spec.opens,
    });
  }
}
