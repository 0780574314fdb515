import { createError } from "@kinglet/errors";
import { untilAborted } from "@kinglet/lifecycle";

import type { CachedProfile } from "./cached-profile.ts";
import { ContainerEntry } from "./container-entry.ts";
import type { ContainerRef } from "./container-ref.ts";
import { DeferredRefresher } from "./deferred-refresher.ts";
import { profileCacheErrors } from "./errors.ts";
import { ProfileCacheMetrics, type EvictionReason, type ProfileCacheCounts } from "./profile-cache-metrics.ts";
import {
  resolveProfileCacheOptions,
  type ProfileCacheOptions,
  type ResolvedProfileCacheOptions,
} from "./profile-cache-options.ts";
import { bindingKey } from "./binding-key.ts";
import { ProfileBinding, type BoundContainer } from "./profile-binding.ts";

/**
 * What the cache knows of a container: `pending`, no profile yet (or not any more); `active`, a profile is held; `unbound`, the pod's label
 * names a profile that does not exist (the learned one is held meanwhile, where there is one); `grace`, the container was removed and is
 * forgotten soon.
 *
 * @public
 */
export type ContainerState = "pending" | "active" | "unbound" | "grace";

/** One line of `GET /debug/containers`. @public */
export interface CachedContainer {
  readonly ref: ContainerRef;
  readonly state: ContainerState;
  /** Why there is no profile, or why the one held may be old; empty when all is well. */
  readonly reason: string;
  /** Since when the container is in this state, milliseconds since 1970. */
  readonly sinceMs: number;
  /**
   * As of when the store is known: when it last answered for the object, of those that the profile is made of, whose answer is the oldest;
   * milliseconds since 1970, 0 before it answered for each. A failed fetch moves nothing; with a metadata watch the answer stays true later.
   */
  readonly fetchedAtMs: number;
  /**
   * True when a profile is held that may not be what the store has now, for the `reason` given: the last fetch of one of its objects failed,
   * the newer version found no room in the cache, or what was learned is being learned again.
   */
  readonly isStale: boolean;
  readonly profile: CachedProfile | undefined;
}

/** A container's profile came, changed or went. @public */
export interface ProfileCacheChange {
  readonly containerId: string;
  /** Undefined when there is none any more. */
  readonly profile: CachedProfile | undefined;
}

/**
 * Holds the profile of every running container and keeps it fresh.
 *
 * Guarantees:
 *
 * - A profile that does not exist is not an error, and an error is not a missing profile: while the store fails, the last good
 *   profile stays; when the store says that it is gone, the container is pending again.
 * - An authored profile replaces the learned one; overlays widen it; neither stands in for a learned one that is missing.
 * - Containers with the same profile share one fetch and one object; profiles with the same content share one content.
 * - `get` gives the same object (`===`) until the content changes.
 * - A removed container keeps its profile for the grace period (a first fetch under way may still bring it) and never comes back,
 *   whatever arrives late.
 * - Idle costs nothing: no timer without a container, and none faster than a tick when every profile is there.
 *
 * Not guaranteed: freshness. A change in the store is seen at the next tick, at most 110 % of `tickIntervalMs` later plus the time
 * the fetches before it take. Where the store has a metadata watch, changes are seen as they happen and nothing is asked otherwise.
 *
 * @public
 */
export class ProfileCache {
  readonly #options: ResolvedProfileCacheOptions;
  readonly #containers = new Map<string, BoundContainer>();
  /** Removed containers in the order in which their grace ends (it is the same for all). */
  readonly #leaving = new Map<string, BoundContainer>();
  readonly #bindings = new Map<string, ProfileBinding>();
  readonly #listeners = new Set<(change: ProfileCacheChange) => void>();
  readonly #knownListeners = new Set<(containerId: string) => void>();
  /** Profiles that nobody has looked at yet. */
  #unknownProfiles = 0;
  #allKnown: PromiseWithResolvers<void> | undefined = undefined;
  readonly #metrics: ProfileCacheMetrics;
  readonly #refresher: DeferredRefresher;
  #isRunning = false;
  #isFull = false;

  /** @throws `KINGLET_ERR_PROFILE_CACHE_INVALID_OPTION` */
  constructor(options: ProfileCacheOptions) {
    this.#options = resolveProfileCacheOptions(options);
    this.#metrics = new ProfileCacheMetrics(options.metrics, () => this.#counts());
    this.#refresher = new DeferredRefresher(this.#options, this.#metrics, this.#bindings, {
      profileChanged: (binding) => this.#profileChanged(binding),
      profileKnown: (binding) => this.#profileKnown(binding),
      profileUnknown: (binding) => {
        if (binding.isKnown) this.#unknownProfiles += 1;
        binding.isKnown = false;
      },
      nextExpiryMs: () => this.#nextExpiryMs(),
      expire: (nowMs) => this.#expire(nowMs),
      sweep: (nowMs, signal) => this.#sweep(nowMs, signal),
    });
  }

  /**
   * Starts to hold the profile of a container; it is fetched at once when the cache runs. The reference is kept, not copied.
   *
   * Adding a container again takes it out of its grace; another profile name replaces the first. When the cache is full the
   * container whose grace ends first makes room; without one the container is refused, counted and logged.
   */
  addContainer(ref: ContainerRef): void {
    const known = this.#containers.get(ref.containerId);
    if (known !== undefined) {
      this.#readd(known, ref);
      return;
    }
    if (!this.#makeRoom()) return;
    const binding = this.#acquire(ref);
    const entry = new ContainerEntry(ref, binding, this.#options.clock.now());
    binding.link(entry);
    this.#containers.set(ref.containerId, entry);
    if (binding.cached !== undefined) this.#notify(ref.containerId, binding.cached);
    this.#refresher.wake();
  }

  /** Starts the grace period of a container. Unknown ids and repeated calls are fine. */
  removeContainer(containerId: string): void {
    const entry = this.#containers.get(containerId);
    if (entry === undefined || entry.mark === "removed") return;
    if (entry.graceEndMs !== 0) {
      // Its pod said so first: the grace that runs is the right one.
      entry.mark = "removed";
    } else this.#leave(entry, "removed");
    this.#refresher.wake();
  }

  /**
   * The profile of a container, or undefined when there is none.
   *
   * Called once per event; cost: one map look-up, no allocation.
   */
  get(containerId: string): CachedProfile | undefined {
    const cached = this.#containers.get(containerId)?.binding.cached;
    if (cached === undefined) this.#metrics.misses += 1;
    else this.#metrics.hits += 1;
    return cached;
  }

  /** State of a container, or undefined when it is not in the cache. Not counted as a look-up. */
  state(containerId: string): ContainerState | undefined {
    const entry = this.#containers.get(containerId);
    return entry === undefined ? undefined : stateOf(entry);
  }

  /** True when {@link ProfileCache.get} would give a profile, also in grace. Not counted as a look-up. */
  hasProfile(containerId: string): boolean {
    return this.#containers.get(containerId)?.binding.cached !== undefined;
  }

  /** How many containers there are, those in grace included. */
  get size(): number {
    return this.#containers.size;
  }

  /** Every container with its state and the reason for it, for people; a fresh view per container. */
  *containers(): IterableIterator<CachedContainer> {
    for (const entry of this.#containers.values()) {
      const { binding } = entry;
      yield {
        ref: entry.ref,
        state: stateOf(entry),
        reason: binding.reason,
        sinceMs: entry.graceEndMs === 0 ? Math.max(entry.sinceMs, binding.sinceMs) : entry.sinceMs,
        fetchedAtMs: binding.fetchedAtMs,
        isStale: binding.isStale,
        profile: binding.cached,
      };
    }
  }

  /**
   * Says that a ContainerProfile was just written, by a learner for one: it is fetched at once instead of at the next try. Names that no
   * container waits for are fine.
   */
  profileWritten(namespace: string, name: string): void {
    this.#refresher.nudge("ContainerProfile", namespace, name);
  }

  /**
   * Has profiles keep what the loaded rules can ask for and nothing else. Cheap: what it says is compiled with the first profile.
   *
   * What is held is fetched again at once. Until then it stays (metric `kinglet_profile_cache_profiles{kind="outdated"}`) where it answers
   * all that the new rules ask; where they ask for more than was kept the container is pending and {@link ProfileCache.isKnown} is false:
   * no question is ever answered with "no" because the answer was dropped. So call it before containers are added. Declarations that mean
   * the same change nothing.
   *
   * @param declarations - `profileDataRequired` of every enabled rule: from surface (`opens`, `execs`, `capabilities`, `syscalls`,
   * `endpoints`, `egressDomains`, `egressAddresses`, `ingressDomains`, `ingressAddresses`) to `"all"` or to a list of `{exact}`, `{prefix}`,
   * `{suffix}` or `{contains}`; undefined for a rule that declares nothing. A surface that no rule declares is kept whole. A declaration
   * that is not understood is logged, and everything is kept.
   *
   * @see reference: kubescape/node-agent, rule-aware projection
   */
  setProfileDataRequired(declarations: readonly unknown[]): void {
    this.#refresher.setDeclarations(declarations);
  }

  /**
   * Calls `listener` whenever the profile of a container comes, changes or goes while the container runs; not when the container
   * is removed. Called synchronously; what it throws is logged.
   *
   * @returns the function that removes the listener.
   */
  onChange(listener: (change: ProfileCacheChange) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * True when there is nothing to wait for before an event of this container is judged: the store has answered for its profile
   * (also that there is none), or cannot ever (unreadable object), or the container is not in the cache. A store that fails for now
   * leaves it false, and rules that ask for more than was kept make it false again.
   *
   * Cost: one map look-up, no allocation.
   */
  isKnown(containerId: string): boolean {
    return this.#containers.get(containerId)?.binding.isKnown ?? true;
  }

  /**
   * Calls `listener` whenever {@link ProfileCache.isKnown} becomes true for a container, also because it is forgotten. A container that
   * is added when its profile is known already is not reported. Called synchronously; what it throws is logged.
   *
   * @returns the function that removes the listener.
   */
  onKnown(listener: (containerId: string) => void): () => void {
    this.#knownListeners.add(listener);
    return () => {
      this.#knownListeners.delete(listener);
    };
  }

  /**
   * Waits until {@link ProfileCache.isKnown} is true for every container.
   *
   * @throws the signal's reason.
   */
  async waitUntilKnown(options: { readonly signal: AbortSignal }): Promise<void> {
    options.signal.throwIfAborted();
    if (this.#unknownProfiles === 0) return;
    this.#allKnown ??= Promise.withResolvers();
    await untilAborted(this.#allKnown.promise, options.signal);
  }

  /**
   * Fetches and refreshes until the signal fires; then ends within one await, with every fetch aborted. What is held stays readable.
   *
   * @throws `KINGLET_ERR_PROFILE_CACHE_RUNNING` when it runs already.
   */
  async run(options: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#isRunning) throw createError(profileCacheErrors, "KINGLET_ERR_PROFILE_CACHE_RUNNING");
    this.#isRunning = true;
    try {
      await this.#refresher.run(options.signal);
    } finally {
      this.#isRunning = false;
    }
  }

  #readd(entry: BoundContainer, ref: ContainerRef): void {
    const wasLeaving = entry.graceEndMs !== 0;
    const { binding } = entry;
    entry.ref = ref;
    if (!wasLeaving && bindingKey(ref, this.#options.userProfiles) === binding.key) return;
    const before = binding.cached;
    const wasKnown = binding.isKnown;
    const attached = this.#acquire(ref);
    if (!wasLeaving) this.#refresher.releaseLive(binding);
    binding.unlink(entry);
    attached.link(entry);
    entry.binding = attached;
    // Last: the old binding may be the new one.
    this.#dropUnused(binding);
    this.#leaving.delete(ref.containerId);
    entry.graceEndMs = 0;
    entry.mark = "";
    entry.sinceMs = this.#options.clock.now();
    if (attached.cached !== before) this.#notify(ref.containerId, attached.cached);
    if (attached.isKnown && !wasKnown) this.#notifyKnown(ref.containerId);
    this.#refresher.wake();
  }

  /** The binding of a container that is about to be linked to it, as one more that runs. */
  #acquire(ref: ContainerRef): ProfileBinding {
    const key = bindingKey(ref, this.#options.userProfiles);
    let binding = this.#bindings.get(key);
    if (binding === undefined) {
      binding = new ProfileBinding(key, ref, this.#options.clock.now());
      this.#refresher.bind(binding, ref);
      this.#bindings.set(key, binding);
      this.#unknownProfiles += 1;
    }
    this.#refresher.acquireLive(binding);
    return binding;
  }

  #dropUnused(binding: ProfileBinding): void {
    if (binding.newest !== undefined) return;
    this.#bindings.delete(binding.key);
    this.#refresher.drop(binding);
    if (!binding.isKnown) this.#oneUnknownLess();
  }

  #leave(entry: BoundContainer, mark: "removed" | "ended"): void {
    const { clock, graceMs } = this.#options;
    entry.graceEndMs = clock.monotonicMs() + graceMs;
    entry.mark = mark;
    entry.sinceMs = clock.now();
    this.#leaving.set(entry.ref.containerId, entry);
    this.#refresher.releaseLive(entry.binding);
    if (graceMs === 0 && mark === "removed") this.#forget(entry, "container_removed");
  }

  /**
   * Finds containers that left without anybody saying so. One look can be wrong (a list that is older than the watch before it): a container
   * ends when two say so, a grace period or more apart, and a look that cannot tell counts neither way.
   */
  #sweep(nowMs: number, signal: AbortSignal): void {
    const { liveness, unknownPodGraceMs } = this.#options;
    if (liveness === undefined) return;
    for (const entry of [...this.#containers.values()]) {
      if (signal.aborted) return;
      if (entry.mark === "removed") continue;
      const found = liveness(entry.ref);
      if (found === undefined) continue;
      if (entry.mark === "ended") {
        if (found === "running") this.#readd(entry, entry.ref);
        else if (nowMs >= entry.graceEndMs) this.#forget(entry, "pod_stopped");
      } else if (found === "ended") this.#leave(entry, "ended");
      else if (found === "running") entry.mark = "";
      else if (entry.mark === "") entry.mark = nowMs;
      else if (nowMs - entry.mark >= unknownPodGraceMs) this.#forget(entry, "pod_unknown");
    }
  }

  #makeRoom(): boolean {
    if (this.#containers.size < this.#options.maxEntries) {
      this.#isFull = false;
      return true;
    }
    for (const entry of this.#leaving.values()) {
      this.#forget(entry, "full");
      return true;
    }
    this.#metrics.refused.add();
    if (!this.#isFull) {
      this.#isFull = true;
      this.#options.logger.warn("the profile cache is full: containers are not watched", {
        maxEntries: this.#options.maxEntries,
      });
    }
    return false;
  }

  #forget(entry: BoundContainer, reason: EvictionReason): void {
    const { containerId } = entry.ref;
    this.#leaving.delete(containerId);
    this.#containers.delete(containerId);
    if (entry.graceEndMs === 0) this.#refresher.releaseLive(entry.binding);
    entry.binding.unlink(entry);
    this.#dropUnused(entry.binding);
    this.#metrics.evicted(reason);
    if (!entry.binding.isKnown) this.#notifyKnown(containerId);
  }

  #nextExpiryMs(): number {
    for (const entry of this.#leaving.values()) if (entry.mark === "removed") return entry.graceEndMs;
    return Number.POSITIVE_INFINITY;
  }

  #expire(nowMs: number): void {
    for (const entry of this.#leaving.values()) {
      if (entry.graceEndMs > nowMs) return;
      if (entry.mark === "removed") this.#forget(entry, "container_removed");
    }
  }

  #profileChanged(binding: ProfileBinding): void {
    if (this.#listeners.size === 0) return;
    for (const { graceEndMs, ref } of binding.entries()) {
      if (graceEndMs === 0) this.#notify(ref.containerId, binding.cached);
    }
  }

  #profileKnown(binding: ProfileBinding): void {
    this.#oneUnknownLess();
    if (this.#knownListeners.size === 0) return;
    for (const { ref } of binding.entries()) this.#notifyKnown(ref.containerId);
  }

  #oneUnknownLess(): void {
    this.#unknownProfiles -= 1;
    if (this.#unknownProfiles > 0) return;
    this.#allKnown?.resolve();
    this.#allKnown = undefined;
  }

  #notifyKnown(containerId: string): void {
    for (const listener of this.#knownListeners) {
      try {
        listener(containerId);
      } catch (error) {
        this.#options.logger.error("a listener of the profile cache failed", { containerId, error });
      }
    }
  }

  #notify(containerId: string, profile: CachedProfile | undefined): void {
    for (const listener of this.#listeners) {
      try {
        listener({ containerId, profile });
      } catch (error) {
        this.#options.logger.error("a listener of the profile cache failed", { containerId, error });
      }
    }
  }

  #counts(): ProfileCacheCounts {
    const containers = { pending: 0, active: 0, unbound: 0, grace: 0 };
    for (const entry of this.#containers.values()) containers[stateOf(entry)] += 1;
    return { containers, ...this.#refresher.counts() };
  }
}

function stateOf(entry: BoundContainer): ContainerState {
  if (entry.graceEndMs !== 0) return "grace";
  if (entry.binding.isUnbound) return "unbound";
  return entry.binding.cached === undefined ? "pending" : "active";
}
