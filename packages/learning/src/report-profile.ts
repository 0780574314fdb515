import { hasCode } from "@kinglet/errors";
import {
  INSTANCE_ID_ANNOTATION,
  isLearnedProfile,
  KEPT_STATUS_ANNOTATION,
  OBSERVED_SURFACES_ANNOTATION,
  observedSurfacesText,
  profileStatus,
  type ContainerProfile,
} from "@kinglet/profile";
import { collapseProfile, joinProfiles, type CollapseConfiguration } from "@kinglet/profile/merging";
import type { LearnedProfileStore, LearnedUpdate } from "./learned-profile-store.ts";
import { claimAnnotations, type LearningClaim } from "./learning-claim.ts";

import { createLearnedProfile, type ProfileHead } from "./profile-head.ts";
import type { RecordedSurfaces } from "./recording.ts";
import { sizeOfSurfaces, splitSurfaces } from "./split-surfaces.ts";

/** What is to be reported. @internal */
export interface Report {
  readonly head: ProfileHead;
  readonly surfaces: RecordedSurfaces;
  readonly claim: LearningClaim;
  /** Surfaces that were looked at. */
  readonly observed: readonly string[];
  /** In how many parts, 1 or more. */
  readonly parts: number;
  /** True when this learner contributed before the profile became final. */
  readonly isAdmitted: boolean;
  /** False when nothing better than `partial` can come of it. */
  readonly mayBeComplete: boolean;
}

/**
 * What became of a report. `stored`: it is in the store, in parts perhaps; `learned-elsewhere`: it is, and another learner had made the
 * profile final meanwhile; `gone`: nothing was written, since there is nothing, neither here nor there; `already-learned`: nothing was
 * written, the profile was final before; `authored`: nothing was written, somebody wrote this object by hand; `too-large`: the store has what
 * fitted and says so.
 *
 * @internal
 */
export type ReportOutcome = "stored" | "gone" | "learned-elsewhere" | "already-learned" | "authored" | "too-large";

/** How a report is made. @internal */
export interface ReportOptions {
  readonly store: LearnedProfileStore;
  readonly collapse: CollapseConfiguration;
  readonly signal: AbortSignal;
  /** Told of each time that a report was halved because the store refused its size. */
  readonly onSplit: () => void;
}

/** How often a refused report is halved. */
const MAX_SPLITS = 4;
/** What is tried before a profile is called too large: every directory of more than a few files becomes a pattern. */
const tightCollapse: CollapseConfiguration = {
  openDynamicThreshold: 5,
  endpointDynamicThreshold: 5,
  collapseConfigs: [],
};

/**
 * Joins what was learned into the store.
 *
 * Idempotent: a report that is made twice, or of which a part was made, changes nothing more. Nothing is taken from what others wrote.
 *
 * @throws what the store throws; then a part of the report may be there.
 *
 * @internal
 */
export async function reportProfile(report: Report, options: ReportOptions): Promise<ReportOutcome> {
  return await new Reporter(report, options).run();
}

/** What one update came to. */
type Verdict = "joined" | "gone" | "joined-final" | "already-learned" | "authored" | "too-large";

class Reporter {
  readonly #report: Report;
  readonly #options: ReportOptions;
  #isFinal = false;

  constructor(report: Report, options: ReportOptions) {
    this.#report = report;
    this.#options = options;
  }

  async run(): Promise<ReportOutcome> {
    const { claim, surfaces, parts } = this.#report;
    const unfinished: LearningClaim = { status: "ready", completion: claim.completion === "partial" ? "partial" : "" };
    const list = splitSurfaces(surfaces, parts);
    for (const [at, piece] of list.entries()) {
      const isLast = at === list.length - 1;
      // Nothing counts as completed before all of it is there: what was there a moment ago may have been taken away.
      const part = isLast && claim.status === "completed" ? surfaces : piece;
      const verdict = await this.#join(part, isLast ? claim : unfinished, unfinished, 0);
      if (verdict === "already-learned" || verdict === "authored" || verdict === "gone") return verdict;
      if (verdict === "too-large") {
        await this.#update(part, { status: "too-large", completion: "partial" }, "mark");
        return "too-large";
      }
    }
    return this.#isFinal ? "learned-elsewhere" : "stored";
  }

  async #join(
    part: RecordedSurfaces,
    claim: LearningClaim,
    unfinished: LearningClaim,
    depth: number,
  ): Promise<Verdict> {
    const verdict = depth > 0 ? "too-large" : await this.#update(part, claim, "join");
    if (verdict !== "too-large") return verdict;
    const tight = await this.#update(part, claim, "join tightly");
    if (tight !== "too-large" || depth >= MAX_SPLITS || sizeOfSurfaces(part) < 2) return tight;
    this.#options.onSplit();
    let refused: Verdict | undefined;
    for (const half of splitSurfaces(part, 2)) {
      const verdict = await this.#join(half, unfinished, unfinished, depth + 1);
      if (verdict === "already-learned" || verdict === "authored" || verdict === "gone") return verdict;
      if (verdict === "too-large") refused = verdict;
    }
    // Both halves fitted after all: somebody's pattern made room, or tight patterns of each did.
    return refused ?? (await this.#update(part, claim, "join tightly"));
  }

  async #update(part: RecordedSurfaces, claim: LearningClaim, way: "join" | "join tightly" | "mark"): Promise<Verdict> {
    const { head, isAdmitted, mayBeComplete, observed } = this.#report;
    const collapse = way === "join" ? this.#options.collapse : tightCollapse;
    const isOverflow = claim.status === "too-large";
    const mine = createLearnedProfile(head, part, {
      ...(isOverflow ? undefined : claimAnnotations(claim)),
      [OBSERVED_SURFACES_ANNOTATION]: observedSurfacesText(observed),
    });
    let verdict: Verdict = "joined";
    const finished = (profile: ContainerProfile): ContainerProfile | undefined => {
      if (isOverflow) return markOverflow(profile);
      // A part may be empty that goes before others; what an earlier version had left to the store may have been taken away there.
      if (sizeOfSurfaces(this.#report.surfaces) > 0 || sizeOfSurfaces(profile.spec) > 0) return profile;
      verdict = "gone";
      return undefined;
    };
    const merge = (current: ContainerProfile | undefined): ContainerProfile | undefined => {
      verdict = "joined";
      if (current === undefined) {
        const alone = way === "mark" ? withoutContent(mine) : collapseProfile(mine, collapse);
        return finished(alone);
      }
      if (!isLearned(current)) {
        verdict = "authored";
        return undefined;
      }
      const { status, completion } = profileStatus(current);
      const isFinal = status === "completed" && (completion === "complete" || !mayBeComplete);
      if (isFinal) verdict = isAdmitted ? "joined-final" : "already-learned";
      if (verdict === "already-learned") return undefined;
      return finished(way === "mark" ? current : joinProfiles(current, mine, { collapse }));
    };
    const outcome = await this.#outcomeOf(merge);
    // Set by the last call of `merge`, which the compiler does not see.
    const settled = verdict as Verdict;
    if (settled === "joined-final") this.#isFinal = true;
    return outcome === "too-large" ? "too-large" : settled;
  }

  async #outcomeOf(merge: Parameters<LearnedProfileStore["update"]>[2]): Promise<LearnedUpdate["outcome"]> {
    const { store, signal } = this.#options;
    const { namespace, name } = this.#report.head;
    try {
      return (await store.update(namespace, name, merge, { signal })).outcome;
    } catch (error) {
      // What is there fills the store's limit so that not even the word that there was more fits beside it.
      if (hasCode(error, "KINGLET_ERR_STORAGE_CLIENT_TOO_LARGE")) return "too-large";
      throw error;
    }
  }
}

/** A store that refused the first report of all offers what it put in its place without a status. */
function isLearned(profile: ContainerProfile): boolean {
  return isLearnedProfile(profile) || profile.metadata.annotations?.[INSTANCE_ID_ANNOTATION] !== undefined;
}

function withoutContent(profile: ContainerProfile): ContainerProfile {
  const none: RecordedSurfaces = {
    capabilities: [],
    syscalls: [],
    execs: [],
    opens: [],
    rulePolicies: {},
    ingress: [],
    egress: [],
  };
  return { ...profile, spec: { ...profile.spec, ...none } };
}

/** Says that there was more, and of which status what is there is, so that nobody takes it for all there is. */
function markOverflow(profile: ContainerProfile): ContainerProfile {
  const { status } = profileStatus(profile);
  if (status === "completed") return profile;
  const annotations = {
    ...profile.metadata.annotations,
    ...claimAnnotations({ status: "too-large", completion: "partial" }),
    [KEPT_STATUS_ANNOTATION]: status,
  };
  return { ...profile, metadata: { ...profile.metadata, annotations } };
}
