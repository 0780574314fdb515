import { parseContainerProfile } from "@kinglet/profile";
import { checkRecord } from "./check-record.ts";
import type { ContainerRecord, JournalRecord, ProfileRecord } from "./journal-record-shape.ts";
import type { LearnedContainer, LearnedProfile } from "./learned-container.ts";
import type { ProfileDelta } from "./profile-delta.ts";
import type { ProfileHead } from "./profile-head.ts";
import { ALL_SURFACE_BITS, bitsOf, surfacesOf } from "./surface-bits.ts";

/** @internal */
export function profileRecord(profile: LearnedProfile): ProfileRecord {
  const { key, head, isAdmitted, observed } = profile;
  return { t: "profile", k: key, head, isAdmitted, stored: 0, observed: surfacesOf(observed) };
}

/** @internal */
export function containerRecord(key: string, container: LearnedContainer): ContainerRecord {
  const { containerId, namespace, podName, containerName, startedAtMs, learnedSinceMs, windowMs, gaps, hasExec } =
    container;
  const { isFromStart, runsToCompletion } = container;
  return {
    t: "container",
    k: key,
    init: {
      containerId,
      namespace,
      podName,
      containerName,
      startedAtMs,
      learnedSinceMs,
      windowMs,
      isFromStart,
      runsToCompletion,
    },
    gaps,
    isSeen: container.events > 0,
    hasExec,
    claim: container.finalClaim ?? null,
  };
}

/** What a profile was when its learner ended. @internal */
export interface RestoredProfile {
  head: ProfileHead;
  isAdmitted: boolean;
  observed: number;
  /** True when an earlier version left something out, since the store had it. */
  isPartOnly: boolean;
  readonly deltas: ProfileDelta[];
  readonly containers: Map<string, ContainerRecord>;
}

/**
 * Puts records together again, in their order, one at a time: a directory holds many times what is left of it.
 *
 * @internal
 */
export class RestoredProfiles {
  readonly byKey: Map<string, RestoredProfile> = new Map();
  /** Records that could not be understood. */
  unusable = 0;

  take(record: unknown): void {
    try {
      takeRecord(this.byKey, record as JournalRecord);
    } catch {
      // Written by another version, or by hand: counted, and what else is there is used.
      this.unusable += 1;
    }
  }
}

function takeRecord(profiles: Map<string, RestoredProfile>, record: JournalRecord): void {
  checkRecord(record);
  const known = profiles.get(record.k);
  switch (record.t) {
    case "profile": {
      const { head, isAdmitted, stored } = record;
      const observed = record.observed === undefined ? ALL_SURFACE_BITS : bitsOf(record.observed);
      const isPartOnly = stored > 0;
      if (known === undefined) {
        profiles.set(record.k, { head, isAdmitted, observed, isPartOnly, deltas: [], containers: new Map() });
      } else Object.assign(known, { head, isAdmitted, observed, isPartOnly });
      return;
    }
    case "container":
      required(known).containers.set(record.init.containerId, record);
      return;
    case "add": {
      const profile = required(known);
      profile.deltas.push(checkedDelta(profile.head, record.delta));
      return;
    }
    case "end":
      profiles.delete(record.k);
      return;
    default:
      throw new Error("unknown record");
  }
}

function required(profile: RestoredProfile | undefined): RestoredProfile {
  if (profile === undefined) throw new Error("record of an unknown profile");
  return profile;
}

/** What stands in a file is not trusted: it goes through the same parser as a profile. */
function checkedDelta(head: ProfileHead, delta: ProfileDelta): ProfileDelta {
  const { policies = [], ...lists } = delta;
  const rulePolicies = policies.map(([ruleId, processName]) => [ruleId, { processAllowed: [processName] }] as const);
  const { spec } = parseContainerProfile({
    metadata: { namespace: head.namespace, name: head.name },
    spec: { ...lists, rulePolicies: Object.fromEntries(rulePolicies) },
  });
  const { capabilities, syscalls, execs, opens, ingress, egress } = spec;
  return { capabilities, syscalls, execs, opens, ingress, egress, policies };
}
