import type { ActivityEvent, ContainerIdentity } from "@kinglet/enrichment";
import { createError } from "@kinglet/errors";
import { whenAborted } from "@kinglet/lifecycle";
import { blindReason, BlindTimes } from "./blind-times.ts";
import { learningErrors } from "./errors.ts";
import { hasRoom } from "./has-room.ts";
import type { RestoredProfile } from "./journal-record.ts";
import type { LearnedContainer } from "./learned-container.ts";
import type { ContainerStart, LearnerOptions } from "./learner-options.ts";
import { countLearning, type LearningCounts } from "./count-learning.ts";
import type { Journal } from "./journal.ts";
import { LearningQueue, type Acknowledge } from "./learning-queue.ts";
import type { LearnerView } from "./learning-view.ts";
import { Persister } from "./persister.ts";
import { ProfileShelf } from "./profile-shelf.ts";
import type { RecordResult } from "./recording.ts";
import { refusals } from "./refusals.ts";
import type { ProfileCompletion } from "@kinglet/profile";
import { Reports } from "./reports.ts";
import { resolveLearnerOptions, type ResolvedLearnerOptions } from "./resolve-learner-options.ts";
import { VanishedContainers } from "./vanished-containers.ts";
import { viewLearner } from "./view-learner.ts";
import { WakeTimer } from "./wake-timer.ts";
import { ContainerEnds } from "./container-ends.ts";
import { ContainerStarts } from "./container-starts.ts";
import type { LearnerParts } from "./learner-parts.ts";
import { wantReport } from "./want-report.ts";

/**
 * Learns what containers do and brings it into the profile store.
 *
 * Guarantees:
 *
 * - What a container did ends in the profile of its workload as a union with what others saw; nothing is taken away. Once the profile is
 *   `completed` and `complete`, only learners that had contributed before add what they recorded until they hear of it.
 * - `completed` is said of a container of which something was seen, `complete` only of one that was seen from its start, its own
 *   executions included, to the end of its learning time or of its work, without a gap.
 * - With a queue directory nothing is lost of which {@link Learner.whenPersisted} has called back, whenever the process is killed.
 * - Every list is bounded; what does not fit makes the profile partial or too large, with a reason in {@link Learner.views}.
 *
 * Cost: an event that adds nothing, no allocation and one to four look-ups. One timer, none while nothing is learned.
 *
 * @public
 */
export class Learner implements AsyncDisposable {
  readonly #options: ResolvedLearnerOptions;
  readonly #profiles: ProfileShelf;
  readonly #containers: Map<string, LearnedContainer> = new Map();
  readonly #queue: LearningQueue;
  readonly #persister: Persister;
  readonly #reports: Reports;
  readonly #blind: BlindTimes = new BlindTimes();
  readonly #vanished: VanishedContainers = new VanishedContainers();
  readonly #counts: LearningCounts;
  readonly #timer: WakeTimer;
  readonly #parts: LearnerParts;
  readonly #starts: ContainerStarts;
  readonly #ends: ContainerEnds;
  #hasRun = false;
  #isEnded = false;

  /** @internal use `openLearner` */
  constructor(
    options: LearnerOptions,
    journal: Journal | undefined,
    restored: ReadonlyMap<string, RestoredProfile>,
    corruptRecords: number,
  ) {
    const resolved = resolveLearnerOptions(options);
    this.#options = resolved;
    this.#timer = new WakeTimer(resolved.clock, () => this.#tick());
    this.#profiles = new ProfileShelf(resolved);
    this.#queue = new LearningQueue(journal, this.#profiles.byKey);
    this.#counts = countLearning(resolved.metrics, {
      containers: () => this.#containers.values(),
      profiles: () => this.#profiles.byKey.values(),
      queueBytes: () => this.#queue.bytes,
      corruptRecords,
    });
    this.#persister = new Persister(this.#queue, resolved, this.#counts.queueErrors);
    this.#reports = new Reports({
      ...resolved,
      queue: this.#queue,
      outcomes: this.#counts.reports,
      splits: this.#counts.splits,
      settled: (profile, outcome, finals) => this.#ends.settled(profile, outcome, finals),
      givenUp: (profile) => this.#ends.evict(profile, "given_up"),
    });
    this.#parts = {
      options: resolved,
      containers: this.#containers,
      profiles: this.#profiles,
      queue: this.#queue,
      persister: this.#persister,
      reports: this.#reports,
      counts: this.#counts,
      blind: this.#blind,
      vanished: this.#vanished,
      timer: this.#timer,
    };
    this.#ends = new ContainerEnds(this.#parts, (containerId) => this.containerEnded(containerId));
    this.#starts = new ContainerStarts(this.#parts, this.#ends);
    for (const one of restored.values()) this.#starts.restore(one);
  }

  /**
   * A container runs, or ran until a moment ago. Repeats are ignored.
   *
   * Not learned, with a reason in the views: one that `ignoredBecause` names, whose pod names a user's profile, and whose profile has no
   * name; not learned and counted alone: the ones beyond `maxContainers`.
   */
  containerStarted(identity: ContainerIdentity, start: ContainerStart): void {
    const known = this.#containers.get(identity.containerId);
    if (known !== undefined) this.#starts.claim(known, start);
    else if (hasRoom(this.#containers, this.#options.limits.maxContainers)) this.#starts.add(identity, start);
    else this.#counts.finished.add(1, { state: "ignored" });
  }

  /** True while events of this container are recorded. One look-up. */
  isLearning(containerId: string): boolean {
    return this.#containers.get(containerId)?.isLearning === true;
  }

  /**
   * Takes what an event says about its container.
   *
   * @returns 0 when nobody has to wait for it: it added nothing, its container is not learned, or there is no queue directory. Else a
   * position, see {@link Learner.whenPersisted}.
   */
  record(event: ActivityEvent, identity: Pick<ContainerIdentity, "containerId">): number {
    if (this.#profiles.sees(event)) this.#sawSurface();
    const container = this.#containers.get(identity.containerId);
    if (container === undefined || !container.isLearning) {
      this.#counts.notLearned += 1;
      return 0;
    }
    const recording = this.#profiles.begin(container.profile!); // one that learns has a profile
    const before = recording.bytes;
    if (container.events++ === 0) this.#sawFirst(container);
    if (!container.hasExec && event.kind === "exec" && !event.isRuntimeStage && !event.isReplay)
      this.#sawExec(container);
    const result = recording.record(event, this.#profiles.isFull);
    return result === "known" && recording.bytes === before ? this.#known() : this.#grown(container, result, before);
  }

  /**
   * A rule that supports policies fired for this process while its container was learned: it is allowed from now on.
   *
   * @returns as {@link Learner.record}.
   */
  recordRulePolicy(identity: Pick<ContainerIdentity, "containerId">, ruleId: string, processName: string): number {
    const container = this.#containers.get(identity.containerId);
    if (container === undefined || !container.isLearning) return 0;
    const recording = this.#profiles.begin(container.profile!); // one that learns has a profile
    const before = recording.bytes;
    const result = recording.recordPolicy(ruleId, processName, this.#profiles.isFull);
    return result === "known" ? 0 : this.#grown(container, result, before);
  }

  /**
   * Calls back, once, when what was added up to this position is in the queue directory; at once, before it returns, when it is
   * already. Call-backs come in the order of their positions. They do not come when the process ends before.
   *
   * @param acknowledge - must not throw; called with `sequence`.
   */
  whenPersisted(position: number, sequence: number, acknowledge: Acknowledge): void {
    this.#queue.whenPersisted(position, sequence, acknowledge);
  }

  /**
   * A container is gone.
   *
   * @param exitCode - undefined when it is not known yet: it may be told by a second call, and is awaited for `exitCodeWaitMs`.
   */
  containerEnded(containerId: string, exitCode?: number): void {
    const container = this.#containers.get(containerId);
    if (container === undefined) return;
    if (container.isUnclaimed) {
      container.isUnclaimed = false;
      container.addGap("it ended while no learner ran");
    }
    container.endedAtMs ??= this.#options.clock.now();
    container.exitCode ??= exitCode;
    if (container.exitCode === undefined) this.#vanished.add(containerId);
    if (!container.isLearning) {
      this.#ends.forget(container);
      return;
    }
    const { timings, clock } = this.#options;
    const isNew = container.move("ended", "it ended");
    // What it did until now is waited for, not until its learning time was over.
    if (isNew) container.awaited = undefined;
    const waitMs = container.exitCode === undefined ? timings.exitCodeWaitMs : timings.lateEventsMs;
    const dueMs = clock.monotonicMs() + waitMs;
    container.dueMs = isNew ? dueMs : Math.min(container.dueMs, dueMs);
    this.#timer.wakeAt(container.dueMs);
  }

  /**
   * The profile of this container is final in the store: whatever was recorded until now and is not there is still added, and learning ends.
   * Without this call a learner hears of it at its next report, which it makes when it has something new.
   *
   * Nothing happens when the container can still make a partial profile complete, or is not learned.
   */
  profileCompleted(containerId: string, completion: ProfileCompletion): void {
    const profile = this.#containers.get(containerId)?.profile;
    if (profile === undefined || !profile.isLive) return;
    if (completion !== "complete" && profile.mayBeComplete) return;
    if (profile.claim === undefined) this.#ends.settled(profile, "learned-elsewhere", []);
    else {
      // What this learner had brought there may have been taken away before it became final.
      profile.isDoubted = true;
      this.#reports.hurry(profile);
    }
    this.#timer.wakeAt(profile.reportDueMs);
  }

  /**
   * The sources saw nothing for a while: the profiles of containers that ran then, or had ended less than `lateEventsMs` before, can be no
   * more than partial, also those of containers that are reported later than they started.
   *
   * @param fromMs - milliseconds since 1970.
   * @param toMs - undefined while it lasts; call again with the same `fromMs` when it is over.
   * @param containerIds - whom it is about.
   */
  sourceBlind(fromMs: number, toMs: number | undefined, containerIds: "all" | readonly string[]): void {
    if (containerIds === "all") {
      this.#blind.add(fromMs, toMs);
      for (const container of this.#containers.values()) this.#blinded(container, fromMs, toMs);
      return;
    }
    for (const containerId of containerIds) {
      const container = this.#containers.get(containerId);
      if (container !== undefined) this.#blinded(container, fromMs, toMs);
    }
  }

  /**
   * Reports and persists until the signal fires.
   *
   * @throws `KINGLET_ERR_LEARNING_RUNNING`
   */
  async run({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#hasRun) throw createError(learningErrors, "KINGLET_ERR_LEARNING_RUNNING");
    this.#hasRun = true;
    this.#timer.start();
    this.#tick();
    await whenAborted(signal);
    this.#timer.stop();
    // With nothing to keep it in, what was learned goes to the store now or never.
    if (this.#options.queueDir === undefined) await this.#reports.startAll(this.#profiles.byKey.values());
    await this.#reports.end();
    await this.#persist();
  }

  /** What is done with each container and why, and what waits for the store. Cost: one pass over everything. */
  views(): LearnerView {
    return viewLearner({
      clock: this.#options.clock,
      containers: this.#containers.values(),
      profiles: this.#profiles.byKey.values(),
      queue: this.#queue,
      corruptRecords: this.#counts.corruptRecords,
      problem: this.#persister.problem,
    });
  }

  /** Persists what is not, and ends. What the store does not have yet is brought there by the next learner on this directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#timer.stop();
    await this.#reports.end();
    await this.#persist();
    this.#counts.stop();
    await this.#queue.close();
  }

  #known(): number {
    this.#counts.known += 1;
    return 0;
  }

  #sawSurface(): void {
    for (const profile of this.#profiles.byKey.values()) {
      if (!profile.isLive) continue;
      this.#queue.profileChanged(profile);
      wantReport(this.#parts, profile);
    }
    this.#timer.wakeAt(this.#persister.dueMs());
  }

  /** The next learner has to know that something was seen, or it would say nothing of what is in the directory. */
  #sawFirst(container: LearnedContainer): void {
    wantReport(this.#parts, container.profile!); // one that learns has a profile
    this.#queue.containerChanged(container);
    this.#timer.wakeAt(this.#persister.dueMs());
  }

  #sawExec(container: LearnedContainer): void {
    container.hasExec = true;
    this.#queue.containerChanged(container);
    this.#timer.wakeAt(this.#persister.dueMs());
  }

  /** Something was added, or there was no room for it. */
  #grown(container: LearnedContainer, result: RecordResult, before: number): number {
    const profile = container.profile!; // one that learns has a profile
    const { recording } = profile;
    const { limits } = this.#options;
    this.#profiles.grow(recording.bytes - before);
    if (result === "known") return this.#known();
    if (result !== "added") {
      this.#counts.refused += 1;
      const oldest = result === "refused" ? this.#profiles.oldestEnded() : undefined;
      // There is room for the next event; this one is a gap.
      if (oldest !== undefined) this.#ends.evict(oldest, "full");
      if (container.addGap(refusals[result])) this.#queue.containerChanged(container);
      this.#timer.wakeAt(this.#persister.dueMs());
      return 0;
    }
    this.#counts.added += 1;
    if (recording.bytes > limits.maxProfileBytes) {
      this.#ends.overflow(profile, `the profile has more than ${limits.maxProfileBytes} bytes`);
      return 0;
    }
    if (profile.pendingBytes > limits.maxReportBytes && !profile.isReporting) this.#reports.hurry(profile);
    else this.#reports.want(profile);
    const position = this.#queue.added(profile);
    this.#timer.wakeAt(Math.min(profile.reportDueMs, this.#persister.dueMs()));
    return position;
  }

  #blinded(container: LearnedContainer, fromMs: number, toMs: number | undefined): void {
    const { endedAtMs = Number.POSITIVE_INFINITY, learnedSinceMs } = container;
    // What it did last may be told that much later.
    const toldMs = endedAtMs + this.#options.timings.lateEventsMs;
    if (fromMs >= toldMs || (toMs !== undefined && toMs <= learnedSinceMs)) return;
    if (!container.addGap(blindReason(fromMs))) return;
    this.#queue.containerChanged(container);
    this.#timer.wakeAt(this.#persister.dueMs());
  }

  /** Does what is due and sleeps until the next thing is. */
  #tick(): void {
    this.#timer.clear();
    if (!this.#timer.isRunning) return;
    const nowMs = this.#options.clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const container of this.#containers.values()) {
      if (container.dueMs <= nowMs) this.#ends.due(container, nowMs);
      if (container.dueMs < nextMs) nextMs = container.dueMs;
    }
    for (const profile of this.#profiles.byKey.values()) {
      if (!this.#reports.isBusy && this.#reports.isDue(profile, nowMs)) {
        this.#reports.start(profile, () => this.#tick());
      } else if (!profile.isReporting && profile.reportDueMs < nextMs && !this.#reports.isBusy) {
        nextMs = profile.reportDueMs;
      }
    }
    if (this.#persister.dueMs() <= nowMs) void this.#persist().then(() => this.#tick());
    this.#timer.wakeAt(Math.min(nextMs, this.#persister.dueMs()));
  }

  async #persist(): Promise<void> {
    for (const profile of this.#profiles.tooMany()) this.#ends.evict(profile, "full");
    await this.#persister.persist();
  }
}
