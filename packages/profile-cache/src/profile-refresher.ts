import type { ClockTimer } from "@kinglet/lifecycle";
import { untilAborted, withTimeout } from "@kinglet/lifecycle";
import { checksum, freezeProfile, profileStatus, type ContainerProfile } from "@kinglet/profile";

import { CachedProfile } from "./cached-profile.ts";
import type { ProfileCacheMetrics } from "./profile-cache-metrics.ts";
import type { ResolvedProfileCacheOptions } from "./profile-cache-options.ts";
import { AT_NEXT_TICK, type ProfileEntry } from "./profile-entry.ts";
import { SpecPool } from "./spec-pool.ts";

/** Retries are due at whole multiples of this, so that thousands of them share a few timers. */
const RETRY_GRID_MS = 500;
/** Share of the tick interval that is added at random. */
const TICK_JITTER = 0.1;

/** What the refresher asks of the cache that owns the containers. @internal */
export interface ProfileRefresherOwner {
  /** `profile.cached` is another object now, or gone. */
  profileChanged(profile: ProfileEntry): void;
  /** The first look at the profile is over. */
  profileKnown(profile: ProfileEntry): void;
  /** When the next grace period ends, monotonic milliseconds; infinite when none runs. */
  nextExpiryMs(): number;
  /** Ends the grace periods that are over. */
  expire(nowMs: number): void;
}

type FetchResult = "changed" | "unchanged" | "not_found" | "not_final" | "error" | "discarded";

/**
 * Decides which profile is fetched when, and what an answer means.
 *
 * Event-driven: there is no batch that a slow fetch could hold up. A queue feeds at most `maxParallelFetches` fetches; one timer
 * stands for everything that is due later (tick, retries, ends of grace).
 *
 * @internal
 */
export class ProfileRefresher {
  readonly #options: ResolvedProfileCacheOptions;
  readonly #metrics: ProfileCacheMetrics;
  readonly #profiles: ReadonlyMap<string, ProfileEntry>;
  readonly #owner: ProfileRefresherOwner;
  readonly #specs = new SpecPool();
  readonly #queue = new Set<ProfileEntry>();
  readonly #flights = new Set<Promise<void>>();
  #isRunning = false;
  #isStoreFailing = false;
  #nextTickMs = Number.POSITIVE_INFINITY;
  /** No later than the earliest retry that is due; may be too early when that profile has left. */
  #nextRetryMs = Number.POSITIVE_INFINITY;
  #timer: ClockTimer | undefined = undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;

  constructor(
    options: ResolvedProfileCacheOptions,
    metrics: ProfileCacheMetrics,
    profiles: ReadonlyMap<string, ProfileEntry>,
    owner: ProfileRefresherOwner,
  ) {
    this.#options = options;
    this.#metrics = metrics;
    this.#profiles = profiles;
    this.#owner = owner;
  }

  /** How many distinct specs are held. */
  get distinctSpecs(): number {
    return this.#specs.size;
  }

  /** One more running container refers to the profile; the first one has it fetched. */
  acquireLive(profile: ProfileEntry): void {
    profile.live += 1;
    if (profile.live > 1 || profile.flight !== undefined) return;
    if (profile.cached === undefined) {
      profile.attempt = 0;
      this.#queue.add(profile);
    }
  }

  /**
   * One running container less. A fetch that is queued or under way goes on: the last events of a short-lived container often
   * arrive before its profile.
   */
  releaseLive(profile: ProfileEntry): void {
    profile.live -= 1;
  }

  /** Nobody refers to the profile any more. */
  drop(profile: ProfileEntry): void {
    this.#abandon(profile);
    if (profile.shared !== undefined) this.#specs.release(profile.shared);
    profile.shared = undefined;
    profile.cached = undefined;
  }

  /** Something changed: start what can start, and set the timer for the rest. */
  wake(): void {
    if (!this.#isRunning) return;
    this.#pump();
    this.#arm();
  }

  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#isRunning = true;
    for (const profile of this.#profiles.values()) {
      if (profile.live > 0) this.#queue.add(profile);
    }
    this.wake();
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    this.#isRunning = false;
    this.#disarm();
    this.#nextTickMs = Number.POSITIVE_INFINITY;
    for (const profile of this.#profiles.values()) this.#abandon(profile);
    await Promise.allSettled(this.#flights);
  }

  #abandon(profile: ProfileEntry): void {
    this.#queue.delete(profile);
    profile.dueMs = AT_NEXT_TICK;
    const { flight } = profile;
    profile.flight = undefined;
    flight?.abort(new DOMException("nobody waits for the profile any more", "AbortError"));
  }

  #pump(): void {
    for (const profile of this.#queue) {
      if (this.#flights.size >= this.#options.maxParallelFetches) return;
      this.#queue.delete(profile);
      profile.dueMs = AT_NEXT_TICK;
      const controller = new AbortController();
      profile.flight = controller;
      const flight = this.#fetch(profile, controller).finally(() => {
        this.#flights.delete(flight);
        this.wake();
      });
      this.#flights.add(flight);
    }
  }

  async #fetch(profile: ProfileEntry, controller: AbortController): Promise<void> {
    const { source, clock, callTimeoutMs } = this.#options;
    const startedMs = clock.monotonicMs();
    let answer: ContainerProfile | undefined;
    let failure: unknown;
    let isFailure = false;
    try {
      using deadline = withTimeout(callTimeoutMs, { signal: controller.signal, clock, name: "the profile store" });
      const call = source.getContainerProfile(profile.namespace, profile.name, { signal: deadline });
      answer = await untilAborted(call, deadline);
    } catch (error) {
      failure = error;
      isFailure = true;
    }
    this.#metrics.fetchSeconds.observe((clock.monotonicMs() - startedMs) / 1_000);
    // Resurrection guard: whoever aborted this fetch, or started a newer one, has put another controller in its place.
    const result = profile.flight === controller ? this.#settle(profile, answer, isFailure, failure) : "discarded";
    this.#metrics.fetches.add(1, { result });
  }

  #settle(
    profile: ProfileEntry,
    answer: ContainerProfile | undefined,
    isFailure: boolean,
    failure: unknown,
  ): FetchResult {
    profile.flight = undefined;
    profile.fetchedAtMs = this.#options.clock.now();
    const result = isFailure ? this.#failed(profile, failure) : this.#answered(profile, answer);
    if (profile.cached === undefined) this.#retryLater(profile);
    else profile.attempt = 0;
    if (!profile.isKnown && (!isFailure || isPermanent(failure))) {
      profile.isKnown = true;
      this.#owner.profileKnown(profile);
    }
    return result;
  }

  #failed(profile: ProfileEntry, error: unknown): FetchResult {
    profile.reason = error instanceof Error ? error.message : String(error);
    profile.isStale = profile.cached !== undefined;
    const fields = { namespace: profile.namespace, profile: profile.name, error };
    if (this.#isStoreFailing) this.#options.logger.debug("the profile store failed again", fields);
    else this.#options.logger.warn("the profile store fails: profiles may be old or missing", fields);
    this.#isStoreFailing = true;
    return "error";
  }

  #answered(profile: ProfileEntry, answer: ContainerProfile | undefined): FetchResult {
    if (this.#isStoreFailing) this.#options.logger.info("the profile store answers again");
    this.#isStoreFailing = false;
    if (answer !== undefined) return this.#found(profile, answer);
    this.#unset(profile, "the profile does not exist");
    return "not_found";
  }

  #found(profile: ProfileEntry, answer: ContainerProfile): FetchResult {
    const { uid = "", resourceVersion = "" } = answer.metadata;
    const isSameObject = uid === profile.uid;
    if (
      profile.cached !== undefined &&
      isSameObject &&
      resourceVersion !== "" &&
      resourceVersion === profile.resourceVersion
    ) {
      this.#fresh(profile);
      return "unchanged";
    }
    const { status, completion } = profileStatus(answer);
    if (!this.#options.acceptedStatuses.includes(status)) {
      // The same object went back to learning: what it allowed before is the better answer. Another object is a new start.
      if (profile.cached !== undefined && isSameObject) this.#fresh(profile);
      else this.#unset(profile, `the profile's status is ${JSON.stringify(status)}`);
      return "not_final";
    }
    profile.uid = uid;
    profile.resourceVersion = resourceVersion;
    const shared = this.#specs.acquire(checksum(answer), answer.spec);
    const before = profile.cached;
    if (
      before !== undefined &&
      shared === profile.shared &&
      before.status === status &&
      before.completion === completion
    ) {
      this.#specs.release(shared);
      this.#fresh(profile);
      return "unchanged";
    }
    const kept = { ...answer, spec: shared.spec };
    if (this.#options.freezeProfiles) freezeProfile(kept);
    if (profile.shared !== undefined) this.#specs.release(profile.shared);
    profile.shared = shared;
    profile.cached = new CachedProfile(kept, status, completion, shared);
    if (before === undefined) profile.sinceMs = profile.fetchedAtMs;
    this.#fresh(profile);
    this.#owner.profileChanged(profile);
    return "changed";
  }

  #fresh(profile: ProfileEntry): void {
    profile.reason = "";
    profile.isStale = false;
  }

  #unset(profile: ProfileEntry, reason: string): void {
    profile.reason = reason;
    if (profile.cached === undefined) return;
    profile.cached = undefined;
    profile.isStale = false;
    profile.uid = "";
    profile.resourceVersion = "";
    profile.sinceMs = profile.fetchedAtMs;
    if (profile.shared !== undefined) this.#specs.release(profile.shared);
    profile.shared = undefined;
    this.#metrics.evictions.add(1, { reason: "profile_deleted" });
    this.#owner.profileChanged(profile);
  }

  #retryLater(profile: ProfileEntry): void {
    const { retryInitialMs, tickIntervalMs, random, clock } = this.#options;
    const ceilingMs = retryInitialMs * 2 ** Math.min(profile.attempt, 30);
    profile.attempt += 1;
    if (ceilingMs >= tickIntervalMs) return;
    const dueMs = clock.monotonicMs() + ceilingMs * (1 - 0.5 * random());
    profile.dueMs = Math.ceil(dueMs / RETRY_GRID_MS) * RETRY_GRID_MS;
    this.#nextRetryMs = Math.min(this.#nextRetryMs, profile.dueMs);
  }

  #onTimer(): void {
    this.#timer = undefined;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#options.clock.monotonicMs();
    this.#owner.expire(nowMs);
    const isTick = nowMs >= this.#nextTickMs;
    if (isTick) this.#nextTickMs = Number.POSITIVE_INFINITY;
    if (isTick || nowMs >= this.#nextRetryMs) this.#enqueueDue(nowMs, isTick);
    this.wake();
  }

  #enqueueDue(nowMs: number, isTick: boolean): void {
    this.#nextRetryMs = Number.POSITIVE_INFINITY;
    for (const profile of this.#profiles.values()) {
      if (profile.live === 0 || profile.flight !== undefined) continue;
      if (isTick || profile.dueMs <= nowMs) this.#queue.add(profile);
      else this.#nextRetryMs = Math.min(this.#nextRetryMs, profile.dueMs);
    }
  }

  /** Sets the one timer to what comes first. */
  #arm(): void {
    if (this.#profiles.size === 0) {
      this.#disarm();
      this.#nextTickMs = Number.POSITIVE_INFINITY;
      this.#nextRetryMs = Number.POSITIVE_INFINITY;
      return;
    }
    const { clock, tickIntervalMs, random } = this.#options;
    const nowMs = clock.monotonicMs();
    if (this.#nextTickMs === Number.POSITIVE_INFINITY) {
      this.#nextTickMs = nowMs + tickIntervalMs * (1 + TICK_JITTER * random());
    }
    const dueMs = Math.min(this.#nextTickMs, this.#nextRetryMs, this.#owner.nextExpiryMs());
    if (this.#timer !== undefined && this.#timerDueMs <= dueMs) return;
    this.#disarm();
    this.#timerDueMs = dueMs;
    this.#timer = clock.startTimer(() => this.#onTimer(), Math.max(0, dueMs - nowMs));
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
  }
}

/** True for errors that say of themselves that trying again cannot help, such as an unreadable object. */
function isPermanent(error: unknown): boolean {
  return (error as { readonly retryable?: unknown } | undefined)?.retryable === false;
}
