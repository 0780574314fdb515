import { createError } from "@kinglet/errors";
import { untilAborted } from "@kinglet/lifecycle";

import type { CachedProfile } from "./cached-profile.ts";
import { ContainerEntry } from "./container-entry.ts";
import type { ContainerRef } from "./container-ref.ts";
import { profileCacheErrors } from "./errors.ts";
import { ProfileCacheMetrics } from "./profile-cache-metrics.ts";
import {
  resolveProfileCacheOptions,
  type ProfileCacheOptions,
  type ResolvedProfileCacheOptions,
} from "./profile-cache-options.ts";
import { ProfileEntry } from "./profile-entry.ts";
import { ProfileRefresher } from "./profile-refresher.ts";

/**
 * What the cache knows of a container: `pending`, no profile yet (or not any more); `active`, a profile is held; `grace`, the
 * container was removed and is forgotten soon.
 *
 * @public
 */
export type ContainerState = "pending" | "active" | "grace";

/** One line of `GET /debug/containers`. @public */
export interface CachedContainer {
  readonly ref: ContainerRef;
  readonly state: ContainerState;
  /** Why there is no profile, or why the one held may be old; empty when all is well. */
  readonly reason: string;
  /** Since when the container is in this state, milliseconds since 1970. */
  readonly sinceMs: number;
  /** End of the last fetch of its profile, milliseconds since 1970; 0 before the first. */
  readonly fetchedAtMs: number;
  /** True when the last fetch failed while a profile is held. */
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
 * - Containers with the same profile share one fetch and one object; profiles with the same content share one spec.
 * - `get` gives the same object (`===`) until the content changes.
 * - A removed container keeps its profile for the grace period (a first fetch under way may still bring it) and never comes back,
 *   whatever arrives late.
 * - Idle costs nothing: no timer without a container, and none faster than a tick when every profile is there.
 *
 * Not guaranteed: freshness. A change in the store is seen at the next tick, at most 110 % of `tickIntervalMs` later plus the time
 * the fetches before it take.
 *
 * @public
 */
export class ProfileCache {
  readonly #options: ResolvedProfileCacheOptions;
  readonly #containers = new Map<string, ContainerEntry>();
  /** Removed containers in the order in which their grace ends (it is the same for all). */
  readonly #leaving = new Map<string, ContainerEntry>();
  readonly #profiles = new Map<string, ProfileEntry>();
  readonly #listeners = new Set<(change: ProfileCacheChange) => void>();
  readonly #knownListeners = new Set<(containerId: string) => void>();
  /** Profiles that nobody has looked at yet. */
  #unknownProfiles = 0;
  #allKnown: PromiseWithResolvers<void> | undefined = undefined;
  readonly #metrics: ProfileCacheMetrics;
  readonly #refresher: ProfileRefresher;
  #isRunning = false;
  #isFull = false;

  /** @throws `KINGLET_ERR_PROFILE_CACHE_INVALID_OPTION` */
  constructor(options: ProfileCacheOptions) {
    this.#options = resolveProfileCacheOptions(options);
    this.#metrics = new ProfileCacheMetrics(options.metrics, () => this.#counts());
    this.#refresher = new ProfileRefresher(this.#options, this.#metrics, this.#profiles, {
      profileChanged: (profile) => this.#profileChanged(profile),
      profileKnown: (profile) => this.#profileKnown(profile),
      nextExpiryMs: () => this.#nextExpiryMs(),
      expire: (nowMs) => this.#expire(nowMs),
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
    const entry = new ContainerEntry(ref, this.#attach(ref), this.#options.clock.now());
    this.#containers.set(ref.containerId, entry);
    if (entry.profile.cached !== undefined) this.#notify(ref.containerId, entry.profile.cached);
    this.#refresher.wake();
  }

  /** Starts the grace period of a container. Unknown ids and repeated calls are fine. */
  removeContainer(containerId: string): void {
    const entry = this.#containers.get(containerId);
    if (entry === undefined || entry.graceEndMs !== 0) return;
    const { clock, graceMs } = this.#options;
    entry.graceEndMs = clock.monotonicMs() + graceMs;
    entry.sinceMs = clock.now();
    this.#leaving.set(containerId, entry);
    this.#refresher.releaseLive(entry.profile);
    if (graceMs === 0) this.#forget(entry, "container_removed");
    this.#refresher.wake();
  }

  /**
   * The profile of a container, or undefined when there is none.
   *
   * Called once per event; cost: one map look-up, no allocation.
   */
  get(containerId: string): CachedProfile | undefined {
    const cached = this.#containers.get(containerId)?.profile.cached;
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
    return this.#containers.get(containerId)?.profile.cached !== undefined;
  }

  /** How many containers there are, those in grace included. */
  get size(): number {
    return this.#containers.size;
  }

  /** Every container with its state and the reason for it, for people; a fresh view per container. */
  *containers(): IterableIterator<CachedContainer> {
    for (const entry of this.#containers.values()) {
      const { profile } = entry;
      yield {
        ref: entry.ref,
        state: stateOf(entry),
        reason: profile.reason,
        sinceMs: entry.graceEndMs === 0 ? Math.max(entry.sinceMs, profile.sinceMs) : entry.sinceMs,
        fetchedAtMs: profile.fetchedAtMs,
        isStale: profile.isStale,
        profile: profile.cached,
      };
    }
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
   * leaves it false.
   *
   * Cost: one map look-up, no allocation.
   */
  isKnown(containerId: string): boolean {
    return this.#containers.get(containerId)?.profile.isKnown ?? true;
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

  #readd(entry: ContainerEntry, ref: ContainerRef): void {
    const wasLeaving = entry.graceEndMs !== 0;
    const { profile } = entry;
    const isSameProfile = profile.namespace === ref.namespace && profile.name === ref.profileName;
    entry.ref = ref;
    if (!wasLeaving && isSameProfile) return;
    const before = profile.cached;
    const wasKnown = profile.isKnown;
    // Attach first: the old profile may be the new one, and must not be dropped in between.
    const attached = this.#attach(ref);
    if (!wasLeaving) this.#refresher.releaseLive(profile);
    this.#detach(profile);
    this.#leaving.delete(ref.containerId);
    entry.profile = attached;
    entry.graceEndMs = 0;
    entry.sinceMs = this.#options.clock.now();
    if (attached.cached !== before) this.#notify(ref.containerId, attached.cached);
    if (attached.isKnown && !wasKnown) this.#notifyKnown(ref.containerId);
    this.#refresher.wake();
  }

  #attach(ref: ContainerRef): ProfileEntry {
    const key = `${ref.namespace}/${ref.profileName}`;
    let profile = this.#profiles.get(key);
    if (profile === undefined) {
      profile = new ProfileEntry(ref.namespace, ref.profileName, this.#options.clock.now());
      this.#profiles.set(key, profile);
      this.#unknownProfiles += 1;
    }
    profile.containers += 1;
    this.#refresher.acquireLive(profile);
    return profile;
  }

  #detach(profile: ProfileEntry): void {
    profile.containers -= 1;
    if (profile.containers > 0) return;
    this.#profiles.delete(`${profile.namespace}/${profile.name}`);
    this.#refresher.drop(profile);
    if (!profile.isKnown) this.#oneUnknownLess();
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

  #forget(entry: ContainerEntry, reason: "container_removed" | "full"): void {
    const { containerId } = entry.ref;
    this.#leaving.delete(containerId);
    this.#containers.delete(containerId);
    this.#detach(entry.profile);
    this.#metrics.evictions.add(1, { reason });
    if (!entry.profile.isKnown) this.#notifyKnown(containerId);
  }

  #nextExpiryMs(): number {
    for (const entry of this.#leaving.values()) return entry.graceEndMs;
    return Number.POSITIVE_INFINITY;
  }

  #expire(nowMs: number): void {
    for (const entry of this.#leaving.values()) {
      if (entry.graceEndMs > nowMs) return;
      this.#forget(entry, "container_removed");
    }
  }

  #profileChanged(profile: ProfileEntry): void {
    if (this.#listeners.size === 0) return;
    for (const entry of this.#containers.values()) {
      if (entry.profile === profile && entry.graceEndMs === 0) this.#notify(entry.ref.containerId, profile.cached);
    }
  }

  #profileKnown(profile: ProfileEntry): void {
    this.#oneUnknownLess();
    if (this.#knownListeners.size === 0) return;
    for (const entry of this.#containers.values()) {
      if (entry.profile === profile) this.#notifyKnown(entry.ref.containerId);
    }
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

  #counts(): {
    pending: number;
    active: number;
    grace: number;
    wanted: number;
    held: number;
    stale: number;
    distinct: number;
  } {
    const counts = {
      pending: 0,
      active: 0,
      grace: 0,
      wanted: 0,
      held: 0,
      stale: 0,
      distinct: this.#refresher.distinctSpecs,
    };
    for (const entry of this.#containers.values()) counts[stateOf(entry)] += 1;
    for (const profile of this.#profiles.values()) {
      counts.wanted += 1;
      if (profile.cached !== undefined) counts.held += 1;
      if (profile.isStale) counts.stale += 1;
    }
    return counts;
  }
}

function stateOf(entry: ContainerEntry): ContainerState {
  if (entry.graceEndMs !== 0) return "grace";
  return entry.profile.cached === undefined ? "pending" : "active";
}
