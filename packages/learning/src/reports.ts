import { describeError, toKingletError } from "@kinglet/errors";
import { untilAborted, withTimeout, type Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Counter } from "@kinglet/metrics";
import type { CollapseConfiguration } from "@kinglet/profile/merging";
import type { LearnedContainer, LearnedProfile } from "./learned-container.ts";
import type { LearnedProfileStore } from "./learned-profile-store.ts";
import type { LearningReport } from "./learner-options.ts";
import type { LearningLimits } from "./learning-limits.ts";
import type { LearningQueue } from "./learning-queue.ts";
import type { LearningTimings } from "./learning-timings.ts";
import { reportProfile, type ReportOutcome } from "./report-profile.ts";
import { surfacesOf } from "./surface-bits.ts";

/** How long the end waits for the store. */
const LAST_REPORTS_MS = 3_000;

/** What reports are made with. @internal */
export interface ReportsOptions {
  readonly store: LearnedProfileStore;
  readonly queue: LearningQueue;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timings: LearningTimings;
  readonly limits: LearningLimits;
  readonly collapse: CollapseConfiguration;
  readonly random: () => number;
  readonly outcomes: Counter<"outcome">;
  readonly splits: Counter;
  readonly onReported: (report: LearningReport) => void;
  /** A report was answered; what its containers become is not decided here. `finals`: those whose final claim was in it. */
  readonly settled: (profile: LearnedProfile, outcome: ReportOutcome, finals: readonly LearnedContainer[]) => void;
  /** It will not be tried again. */
  readonly givenUp: (profile: LearnedProfile) => void;
}

/**
 * Brings what was learned into the store: when it is due, a few at a time, again and again while the store fails.
 *
 * @internal
 */
export class Reports {
  readonly #options: ReportsOptions;
  readonly #running: Set<Promise<void>> = new Set();
  readonly #ended: AbortController = new AbortController();

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  /** There is something to say: at the next regular time. */
  want(profile: LearnedProfile): void {
    const dueMs = Math.max(profile.nextReportMs, this.#options.clock.monotonicMs());
    if (profile.reportDueMs > dueMs) profile.reportDueMs = dueMs;
  }

  /** There is something to say at once; a failed report still has its pause. */
  hurry(profile: LearnedProfile): void {
    if (profile.failures > 0) {
      this.want(profile);
      return;
    }
    profile.isUrgent = true;
    profile.reportDueMs = this.#options.clock.monotonicMs();
  }

  /** True when a report is due and may begin. */
  isDue(profile: LearnedProfile, nowMs: number): boolean {
    return !profile.isReporting && profile.reportDueMs <= nowMs;
  }

  /** True when as many are under way as there may be. */
  get isBusy(): boolean {
    return this.#running.size >= this.#options.limits.maxConcurrentReports;
  }

  /** @param after - called when it is over, also when it failed. */
  start(profile: LearnedProfile, after: () => void): void {
    profile.isReporting = true;
    profile.isUrgent = false;
    profile.reportDueMs = Number.POSITIVE_INFINITY;
    const running = this.#report(profile).finally(() => {
      profile.isReporting = false;
      this.#running.delete(running);
      after();
    });
    this.#running.add(running);
  }

  /** Ends every report that is under way, and waits for it. */
  async end(): Promise<void> {
    this.#ended.abort(new Error("the learner ends"));
    await Promise.allSettled(this.#running);
  }

  /** Reports whatever the store does not have, for a short while. */
  async startAll(profiles: Iterable<LearnedProfile>): Promise<void> {
    using deadline = withTimeout(LAST_REPORTS_MS, { clock: this.#options.clock, name: "the last reports" });
    const settle = (): Promise<unknown> =>
      untilAborted(Promise.allSettled(this.#running), deadline).catch(() => {
        // The store takes too long: what it has not taken is lost with the process, as the options say.
      });
    for (const profile of [...profiles]) {
      if (profile.isReporting || profile.pendingBytes === 0) continue;
      this.start(profile, () => {});
      if (this.isBusy) await settle();
      if (deadline.aborted) return;
    }
    await settle();
  }

  async #report(profile: LearnedProfile): Promise<void> {
    const { queue, clock, limits } = this.#options;
    // What the store has first and the directory never, a crash could not finish.
    if (profile.recording.hasDelta) await queue.persist().catch(() => {});
    const { recording, head } = profile;
    const { version, bytes } = recording;
    const { claim } = profile;
    const finals = [...profile.containers].filter((container) => container.finalClaim !== undefined);
    const claimText = claim === undefined ? "" : `${claim.status} ${claim.completion} ${profile.observed}`;
    const { isDoubted } = profile;
    profile.isDoubted = false;
    const isKnown = version === profile.storedVersion && claimText === profile.storedClaim;
    // Nothing final is said, not even again, without a look at what the store has of it.
    if (claim === undefined || (isKnown && !isDoubted && finals.length === 0)) {
      this.#finish(profile, "stored", finals);
      return;
    }
    const parts = Math.ceil(profile.pendingBytes / limits.maxReportBytes) || 1;
    try {
      const outcome = await reportProfile(
        {
          head,
          surfaces: recording.surfaces(),
          claim,
          observed: surfacesOf(profile.observed),
          parts,
          isAdmitted: profile.isAdmitted,
          mayBeComplete: profile.mayBeComplete,
        },
        {
          store: this.#options.store,
          collapse: this.#options.collapse,
          signal: this.#ended.signal,
          onSplit: () => this.#options.splits.add(),
        },
      );
      profile.lastReport = { atMs: clock.now(), outcome };
      this.#options.outcomes.add(1, { outcome });
      if (outcome === "gone") {
        this.#finish(profile, outcome, []);
        return;
      }
      profile.storedVersion = version;
      profile.storedBytes = bytes;
      profile.storedClaim = claimText;
      const { namespace, name } = head;
      if (outcome !== "already-learned" && outcome !== "authored") {
        profile.isAdmitted = true;
        const said = outcome === "too-large" ? ({ status: "too-large", completion: "partial" } as const) : claim;
        this.#options.onReported({ namespace, name, ...said });
      }
      queue.profileChanged(profile);
      this.#finish(profile, outcome, finals);
    } catch (error) {
      profile.isDoubted ||= isDoubted;
      if (!this.#ended.signal.aborted) this.#failed(profile, error);
    }
  }

  #finish(profile: LearnedProfile, outcome: ReportOutcome, finals: readonly LearnedContainer[]): void {
    const { clock, timings, random } = this.#options;
    profile.failures = 0;
    const share = 1 + timings.jitter * (2 * random() - 1);
    profile.nextReportMs = clock.monotonicMs() + timings.updatePeriodMs * share;
    // What came up meanwhile was due at once, when nobody knew when the next report would be.
    if (!profile.isUrgent && profile.reportDueMs < profile.nextReportMs) profile.reportDueMs = profile.nextReportMs;
    this.#options.settled(profile, outcome, finals);
  }

  #failed(profile: LearnedProfile, error: unknown): void {
    const { clock, timings, limits, logger, outcomes, random } = this.#options;
    profile.failures += 1;
    profile.lastReport = { atMs: clock.now(), outcome: describeError(error) };
    outcomes.add(1, { outcome: "error" });
    const { namespace, name } = profile.head;
    if (!profile.isLive && profile.failures >= limits.maxReportAttempts) {
      logger.warn("a learned profile is given up", { namespace, name, attempts: profile.failures, error });
      this.#options.givenUp(profile);
      return;
    }
    // An object that is unusable today is so in five seconds too: somebody has to mend it first.
    const isHopeless = !toKingletError(error).retryable;
    const doubled = timings.retryMs * 2 ** Math.min(profile.failures - 1, 30);
    const ceilingMs = isHopeless ? timings.maxRetryMs : Math.min(timings.maxRetryMs, doubled);
    profile.nextReportMs = clock.monotonicMs() + ceilingMs * (1 - 0.5 * random());
    profile.reportDueMs = profile.nextReportMs;
    logger.debug("a report failed", { namespace, name, attempt: profile.failures, error });
  }
}
