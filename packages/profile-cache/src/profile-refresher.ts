import { untilAborted, withTimeout } from "@kinglet/lifecycle";
import type { ContainerProfile } from "@kinglet/profile";

import { bindSources } from "./bind-sources.ts";
import { BoundObjects } from "./bound-objects.ts";
import type { ComposeResult } from "./compose-result.ts";
import type { ContainerRef } from "./container-ref.ts";
import { countProfiles, type ProfileCounts } from "./count-profiles.ts";
import { DueTimer } from "./due-timer.ts";
import { fetchObject, isPermanent } from "./fetch-object.ts";
import { FetchLanes } from "./fetch-lanes.ts";
import { FetchQueue } from "./fetch-queue.ts";
import { isDecided } from "./is-decided.ts";
import { ObjectWatch } from "./object-watch.ts";
import { OutageLog } from "./outage-log.ts";
import type { BoundObject, ProfileBinding } from "./profile-binding.ts";
import type { ProfileCacheMetrics } from "./profile-cache-metrics.ts";
import type { ResolvedProfileCacheOptions } from "./profile-cache-options.ts";
import type * as Composer from "./profile-composer.ts";
import type { OverlayDocument, ProfileObjectKind } from "./profile-source.ts";
import { RefreshMetrics } from "./refresh-metrics.ts";
import { retryDueMs } from "./retry-due-ms.ts";
import { RefreshRound } from "./refresh-round.ts";
import { AT_NEXT_TICK } from "./source-object.ts";

/** Share of the tick interval that is added at random. */
const TICK_JITTER = 0.1;

/** What the refresher asks of the cache that owns the containers. @internal */
export interface ProfileRefresherOwner {
  /** `binding.cached` is another object now, or gone. */
  profileChanged(binding: ProfileBinding): void;
  /** The first look at the profile is over. */
  profileKnown(binding: ProfileBinding): void;
  /** What was held is not enough for the rules of now: events wait for it again as for a first look. */
  profileUnknown(binding: ProfileBinding): void;
  /** When the next grace period ends, monotonic milliseconds; infinite when none runs. */
  nextExpiryMs(): number;
  /** Ends the grace periods that are over. */
  expire(nowMs: number): void;
  /** Compares the containers with their pods, until the signal fires. */
  sweep(nowMs: number, signal: AbortSignal): void;
}

type FetchResult = "changed" | "unchanged" | "not_found" | "not_final" | "no_room" | "error" | "discarded";
type Content = ContainerProfile | OverlayDocument;

/**
 * Decides which object is fetched when, and has profiles made of what arrives.
 *
 * Event-driven: there is no batch that a slow fetch could hold up. A queue feeds at most `maxParallelFetches` fetches, what a new container
 * waits for before everything else, and keeps one of them free of refreshes; one timer stands for everything that is due later (tick,
 * retries, ends of grace). Per container everything is in order: what is made of objects is
 * made in one go, without an await between look and change.
 *
 * @internal
 */
export class ProfileRefresher {
  readonly #options: ResolvedProfileCacheOptions;
  readonly #metrics: ProfileCacheMetrics;
  readonly #bindings: ReadonlyMap<string, ProfileBinding>;
  readonly #owner: ProfileRefresherOwner;
  readonly #loadModule: () => Promise<typeof Composer>;
  readonly #sources = new BoundObjects(() => this.#onFirstSource?.());
  readonly #queue = new FetchQueue<BoundObject>();
  readonly #lanes: FetchLanes<BoundObject>;
  readonly #outage: OutageLog;
  readonly #watch: ObjectWatch;
  readonly #timer: DueTimer;
  readonly #refreshMetrics: RefreshMetrics;
  readonly #round: RefreshRound;
  #composer: Composer.ProfileComposer | undefined = undefined;
  #takeContent: typeof Composer.takeContent | undefined = undefined;
  #declarations: readonly unknown[] = [];
  #isRunning = false;
  /** Ends what runs. */
  #signal: AbortSignal = AbortSignal.abort();
  #onFirstSource: (() => void) | undefined = undefined;
  #nextTickMs = Number.POSITIVE_INFINITY;
  /** No later than the earliest retry that is due; may be too early when that object is not needed any more. */
  #nextRetryMs = Number.POSITIVE_INFINITY;

  constructor(
    options: ResolvedProfileCacheOptions,
    metrics: ProfileCacheMetrics,
    bindings: ReadonlyMap<string, ProfileBinding>,
    owner: ProfileRefresherOwner,
    loadComposer: () => Promise<typeof Composer>,
  ) {
    this.#options = options;
    this.#metrics = metrics;
    this.#bindings = bindings;
    this.#owner = owner;
    this.#loadModule = loadComposer;
    const { source, clock, logger } = options;
    this.#lanes = new FetchLanes({
      queue: this.#queue,
      maxParallel: options.maxParallelFetches,
      fetch: (object) => this.#fetch(object),
      onEnd: () => this.wake(),
    });
    this.#refreshMetrics = new RefreshMetrics(metrics, options.metrics);
    this.#round = new RefreshRound(clock, (durationMs) => this.#refreshMetrics.reconciled("refresh", durationMs));
    this.#outage = new OutageLog(logger, clock);
    this.#timer = new DueTimer(clock, () => this.#onTimer());
    this.#watch = new ObjectWatch({
      source,
      logger,
      find: (kind, namespace, name) => this.#sources.find(kind, namespace, name),
      all: () => this.#sources.values(),
      refetch: (object) => this.#refetch(object),
      wake: () => this.wake(),
    });
  }

  /** See {@link countProfiles}. */
  counts(): ProfileCounts {
    return countProfiles(this.#bindings, this.#composer);
  }

  /** Has every profile made again, for other rules. What is held stays until then. */
  setDeclarations(declarations: readonly unknown[]): void {
    this.#declarations = declarations;
    if (this.#composer?.setDeclarations(declarations) !== true) return;
    for (const binding of this.#bindings.values()) if (binding.cached !== undefined) this.#compose(binding);
    this.wake();
  }

  /** Binds to the objects that the container's profile is made of. */
  bind(binding: ProfileBinding, ref: ContainerRef): void {
    bindSources(binding, ref, this.#options.userProfiles, this.#sources, this.#options.source);
  }

  /** Somebody knows that the object changed: it is fetched at once, and if it is not there yet the back-off begins anew. */
  nudge(kind: ProfileObjectKind, namespace: string, name: string): void {
    const source = this.#sources.find(kind, namespace, name);
    if (source === undefined || source.live === 0) return;
    source.attempt = 0;
    this.#refetch(source);
    this.wake();
  }

  /** One more running container is bound to it; the first one has its objects fetched. */
  acquireLive(binding: ProfileBinding): void {
    binding.live += 1;
    if (binding.live > 1) return;
    let areAllTried = true;
    binding.eachSource((source) => {
      source.live += 1;
      areAllTried &&= source.isTried;
      if (source.flight !== undefined || (source.outcome !== "unknown" && binding.cached !== undefined)) return;
      if (source.isTried && source.live > 1 && source.problem === "") return;
      source.attempt = 0;
      this.#queue.add(source, "first");
    });
    // Its objects may all be known from other containers.
    if (areAllTried && binding.cached === undefined) this.#compose(binding);
  }

  /**
   * One running container less. A fetch that is queued or under way goes on: the last events of a short-lived container often
   * arrive before its profile.
   */
  releaseLive(binding: ProfileBinding): void {
    binding.live -= 1;
    if (binding.live > 0) return;
    binding.eachSource((source) => {
      source.live -= 1;
    });
  }

  /** Nobody is bound to it any more. */
  drop(binding: ProfileBinding): void {
    this.#composer?.release(binding);
    if (!binding.isSettled) this.#setSettled(binding, true);
    binding.eachSource((source) => {
      source.forgetContent();
      if (this.#sources.release(source, binding)) this.#abandon(source);
    });
  }

  /** Something changed: start what can start, and set the timer for the rest. */
  wake(): void {
    if (!this.#isRunning) return;
    for (const binding of this.#composer?.takeFitting() ?? []) this.#compose(binding);
    this.#lanes.fill();
    this.#arm();
  }

  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#isRunning = true;
    this.#signal = signal;
    for (const source of this.#sources.values()) {
      if (source.live > 0) this.#queue.add(source, source.isTried ? "refresh" : "first");
    }
    this.wake();
    const watching = this.#options.watchesMetadata ? this.#watchOnceNeeded(signal) : undefined;
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    this.#isRunning = false;
    this.#timer.disarm();
    this.#nextTickMs = Number.POSITIVE_INFINITY;
    for (const source of this.#sources.values()) this.#abandon(source);
    await Promise.allSettled([this.#lanes.landed(), watching]);
  }

  #abandon(source: BoundObject): void {
    this.#queue.delete(source);
    source.dueMs = AT_NEXT_TICK;
    this.#round.leave(source);
    const { flight } = source;
    source.flight = undefined;
    flight?.abort(new DOMException("nobody waits for the object any more", "AbortError"));
  }

  /** A sensor without a container has nothing to watch for. */
  async #watchOnceNeeded(signal: AbortSignal): Promise<void> {
    if (this.#sources.size === 0) {
      const needed = Promise.withResolvers<void>();
      this.#onFirstSource = needed.resolve;
      try {
        await untilAborted(needed.promise, signal);
      } catch {
        // Stopped before there was a container.
        return;
      } finally {
        this.#onFirstSource = undefined;
      }
    }
    await this.#watch.run(signal);
  }

  #refetch(source: BoundObject): void {
    if (source.flight === undefined) this.#queue.add(source, source.isTried ? "awaited" : "first");
    else source.isDirty = true;
  }

  async #fetch(source: BoundObject): Promise<void> {
    source.dueMs = AT_NEXT_TICK;
    source.isDirty = false;
    const controller = new AbortController();
    source.flight = controller;
    const { clock, callTimeoutMs } = this.#options;
    const startedMs = clock.monotonicMs();
    let answer: Content | undefined;
    let failure: unknown;
    let isFailure = false;
    try {
      using deadline = withTimeout(callTimeoutMs, {
        signal: controller.signal,
        clock,
        name: "the profile store",
      });
      answer = await untilAborted(fetchObject(this.#options.source, source, deadline), deadline);
      if (this.#composer === undefined) await this.#loadComposer();
    } catch (error) {
      failure = error;
      isFailure = true;
    }
    this.#metrics.fetchSeconds.observe((clock.monotonicMs() - startedMs) / 1_000);
    // Resurrection guard: whoever aborted this fetch, or started a newer one, has put another controller in its place.
    const result = source.flight === controller ? this.#settle(source, answer, isFailure, failure) : "discarded";
    this.#metrics.fetches.add(1, { result });
  }

  async #loadComposer(): Promise<void> {
    const { ProfileComposer, offerOriginalMetrics, takeContent } = await this.#loadModule();
    if (this.#composer !== undefined) return;
    const { freezeProfiles, maxProfileBytes, originalMetricNames, podContainers, clock, logger, metrics } =
      this.#options;
    if (originalMetricNames) this.#metrics.original = offerOriginalMetrics(metrics);
    this.#takeContent = takeContent;
    this.#composer = new ProfileComposer({
      freezeProfiles,
      maxProfileBytes,
      podContainers,
      logger,
      now: () => clock.now(),
      overlayLoaded: (kind, completeness) => this.#refreshMetrics.overlayLoaded(kind, completeness),
      labelResolved: (result, namespace) => this.#refreshMetrics.labelResolved(result, namespace),
      wantContent: (source) => this.#wantContent(source),
    });
    this.#composer.setDeclarations(this.#declarations);
  }

  #wantContent(source: BoundObject): void {
    source.isContentWanted = true;
    // One that failed is asked again in its time: this is called for each failure too.
    if (source.flight !== undefined || source.problem !== "") return;
    const isFirst = source.bindings.some((binding) => !binding.isKnown);
    this.#queue.add(source, isFirst ? "first" : "awaited");
  }

  #settle(source: BoundObject, answer: Content | undefined, isFailure: boolean, failure: unknown): FetchResult {
    source.flight = undefined;
    source.isTried = true;
    this.#round.leave(source);
    let result: FetchResult;
    if (isFailure) {
      this.#failed(source, failure);
      result = "error";
      this.#composeAll(source);
    } else result = this.#answered(source, answer);
    if (source.isDirty) this.#queue.add(source, "awaited");
    else this.#retryLater(source);
    return result;
  }

  #failed(source: BoundObject, error: unknown): void {
    source.problem = error instanceof Error ? error.message : String(error);
    if (isPermanent(error) && source.outcome === "unknown") source.outcome = "unreadable";
    this.#outage.failed({ namespace: source.namespace, kind: source.kind, name: source.name, error });
  }

  #answered(source: BoundObject, answer: Content | undefined): FetchResult {
    this.#outage.answered();
    source.problem = "";
    source.fetchedAtMs = this.#options.clock.now();
    if (answer === undefined) {
      source.outcome = "absent";
      source.uid = "";
      source.resourceVersion = "";
      source.content = undefined;
      source.isContentWanted = false;
      this.#composeAll(source);
      return "not_found";
    }
    const { uid = "", resourceVersion = "" } = answer.metadata;
    const isSame =
      source.outcome === "present" &&
      resourceVersion !== "" &&
      resourceVersion === source.resourceVersion &&
      uid === source.uid;
    if (!isSame || source.isContentWanted) this.#takeContent?.(source, answer);
    return this.#composeAll(source);
  }

  /** Has everything made again that is made of the object. */
  #composeAll(source: BoundObject): FetchResult {
    let result: FetchResult = "unchanged";
    // A copy: a listener may add and remove containers meanwhile.
    for (const binding of [...source.bindings]) {
      const one = this.#compose(binding);
      if (one === "changed" || ((one === "not_final" || one === "no_room") && result === "unchanged")) result = one;
    }
    return result;
  }

  #compose(binding: ProfileBinding): ComposeResult {
    if (this.#composer === undefined) {
      this.#describeFailure(binding);
      return "waiting";
    }
    const before = binding.cached;
    const wasSettled = binding.isSettled;
    const result = this.#composer.compose(binding);
    if (wasSettled !== binding.isSettled) this.#setSettled(binding, binding.isSettled);
    if (binding.isSettled) binding.eachSource((source) => source.forgetContent());
    if (before !== binding.cached) {
      const isGone = binding.cached === undefined;
      if (isGone && result === "waiting") this.#owner.profileUnknown(binding);
      else if (isGone) this.#metrics.evicted("profile_deleted");
      this.#owner.profileChanged(binding);
    }
    if (!binding.isKnown && result !== "waiting" && isDecided(binding)) {
      binding.isKnown = true;
      this.#owner.profileKnown(binding);
    }
    return result;
  }

  /** Counts, per object, who still needs its content. */
  #setSettled(binding: ProfileBinding, isSettled: boolean): void {
    binding.isSettled = isSettled;
    binding.eachSource((source) => {
      source.unsettled += isSettled ? -1 : 1;
    });
  }

  /** Before the first answer there is nothing to compose, but people want to know why, and some of it is known. */
  #describeFailure(binding: ProfileBinding): void {
    binding.eachSource((source) => {
      if (source.problem !== "") binding.reason = source.problem;
    });
    const isImpossible = binding.learned === undefined && binding.authored.length === 0;
    if (isImpossible) binding.reason = "the container cannot have a learned profile";
    if (binding.isKnown || (!isImpossible && binding.learned?.outcome !== "unreadable")) return;
    binding.isKnown = true;
    this.#owner.profileKnown(binding);
  }

  #retryLater(source: BoundObject): void {
    if (!this.#isAwaited(source)) {
      source.attempt = 0;
      return;
    }
    const nowMs = this.#options.clock.monotonicMs();
    source.dueMs = retryDueMs(source.attempt, nowMs, this.#options);
    source.attempt += 1;
    this.#nextRetryMs = Math.min(this.#nextRetryMs, source.dueMs);
  }

  /** True when a container waits for the object, and nobody would tell that it came. */
  #isAwaited(source: BoundObject): boolean {
    if (source.isContentWanted) return true;
    if (this.#watch.isCurrent && source.problem === "") return false;
    const isOverlay = source.kind !== "ContainerProfile";
    return source.bindings.some(
      (binding) =>
        (binding.cached === undefined && !isOverlay && this.#composer?.isRefused(binding) !== true) ||
        (binding.isUnbound && (source.name === binding.label || binding.authored.includes(source))) ||
        (isOverlay && source.outcome === "unknown"),
    );
  }

  #onTimer(): void {
    const nowMs = this.#options.clock.monotonicMs();
    this.#owner.expire(nowMs);
    const isTick = nowMs >= this.#nextTickMs;
    if (isTick) {
      this.#nextTickMs = Number.POSITIVE_INFINITY;
      this.#owner.sweep(nowMs, this.#signal);
      this.#refreshMetrics.reconciled("evict", this.#options.clock.monotonicMs() - nowMs);
    }
    if (isTick || nowMs >= this.#nextRetryMs) this.#enqueueDue(nowMs, isTick);
    this.wake();
  }

  #enqueueDue(nowMs: number, isTick: boolean): void {
    this.#nextRetryMs = Number.POSITIVE_INFINITY;
    if (isTick) this.#round.begin();
    for (const source of this.#sources.values()) {
      if (source.live === 0 || source.flight !== undefined) continue;
      const isDue = isTick && (!this.#watch.isCurrent || source.problem !== "" || source.outcome === "unknown");
      if (isDue) {
        this.#queue.add(source, "refresh");
        this.#round.enter(source);
      } else if (source.dueMs <= nowMs) {
        // Other objects may have settled meanwhile what this one was awaited for.
        source.dueMs = AT_NEXT_TICK;
        if (this.#isAwaited(source)) this.#queue.add(source, "awaited");
      } else this.#nextRetryMs = Math.min(this.#nextRetryMs, source.dueMs);
    }
    if (isTick) this.#round.endIfEmpty();
  }

  /** Sets the one timer to what comes first. */
  #arm(): void {
    if (this.#bindings.size === 0) {
      this.#timer.disarm();
      this.#nextTickMs = Number.POSITIVE_INFINITY;
      this.#nextRetryMs = Number.POSITIVE_INFINITY;
      return;
    }
    const { clock, tickIntervalMs, random } = this.#options;
    const nowMs = clock.monotonicMs();
    if (this.#nextTickMs === Number.POSITIVE_INFINITY) {
      this.#nextTickMs = nowMs + tickIntervalMs * (1 + TICK_JITTER * random());
    }
    this.#timer.arm(Math.min(this.#nextTickMs, this.#nextRetryMs, this.#owner.nextExpiryMs()));
  }
}
