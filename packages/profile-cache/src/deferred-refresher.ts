import { untilAborted } from "@kinglet/lifecycle";

import type { ContainerRef } from "./container-ref.ts";
import type { ProfileCounts } from "./count-profiles.ts";
import { loadProfileComposer, loadProfileRefresher } from "./lazy.ts";
import type { ProfileBinding } from "./profile-binding.ts";
import type { ProfileCacheMetrics } from "./profile-cache-metrics.ts";
import type { ResolvedProfileCacheOptions } from "./profile-cache-options.ts";
import type { ProfileRefresher, ProfileRefresherOwner } from "./profile-refresher.ts";
import type { ProfileObjectKind } from "./profile-source.ts";

/**
 * The refresher, loaded with the first container: an idle sensor has nothing to refresh.
 *
 * What is said before it is there is remembered and told to it in one go.
 *
 * @internal
 */
export class DeferredRefresher {
  readonly #options: ResolvedProfileCacheOptions;
  readonly #metrics: ProfileCacheMetrics;
  readonly #bindings: ReadonlyMap<string, ProfileBinding>;
  readonly #owner: ProfileRefresherOwner;
  /** What was bound before the refresher was there. */
  readonly #early = new Map<ProfileBinding, ContainerRef>();
  readonly #loaded = Promise.withResolvers<ProfileRefresher>();
  #isLoading = false;
  #refresher: ProfileRefresher | undefined = undefined;
  #declarations: readonly unknown[] = [];

  constructor(
    options: ResolvedProfileCacheOptions,
    metrics: ProfileCacheMetrics,
    bindings: ReadonlyMap<string, ProfileBinding>,
    owner: ProfileRefresherOwner,
  ) {
    this.#options = options;
    this.#metrics = metrics;
    this.#bindings = bindings;
    this.#owner = owner;
    // Whoever runs the cache is told; without one there is nobody.
    this.#loaded.promise.catch(() => {});
  }

  /** See `ProfileRefresher.counts`. */
  counts(): ProfileCounts {
    return this.#refresher?.counts() ?? { profiles: { wanted: this.#bindings.size }, contentBytes: 0 };
  }

  /** See `ProfileRefresher.setDeclarations`. */
  setDeclarations(declarations: readonly unknown[]): void {
    this.#declarations = declarations;
    this.#refresher?.setDeclarations(declarations);
  }

  /** Binds to the objects that the container's profile is made of; the first call loads the refresher. */
  bind(binding: ProfileBinding, ref: ContainerRef): void {
    if (this.#refresher !== undefined) {
      this.#refresher.bind(binding, ref);
      return;
    }
    this.#early.set(binding, ref);
    if (this.#isLoading) return;
    this.#isLoading = true;
    this.#load().then(this.#loaded.resolve, this.#loaded.reject);
  }

  /** See `ProfileRefresher.nudge`. Nothing to do before the first fetch. */
  nudge(kind: ProfileObjectKind, namespace: string, name: string): void {
    this.#refresher?.nudge(kind, namespace, name);
  }

  /** See `ProfileRefresher.acquireLive`. */
  acquireLive(binding: ProfileBinding): void {
    if (this.#refresher === undefined) binding.live += 1;
    else this.#refresher.acquireLive(binding);
  }

  /** See `ProfileRefresher.releaseLive`. */
  releaseLive(binding: ProfileBinding): void {
    if (this.#refresher === undefined) binding.live -= 1;
    else this.#refresher.releaseLive(binding);
  }

  /** See `ProfileRefresher.drop`. */
  drop(binding: ProfileBinding): void {
    if (this.#refresher === undefined) this.#early.delete(binding);
    else this.#refresher.drop(binding);
  }

  /** See `ProfileRefresher.wake`. */
  wake(): void {
    this.#refresher?.wake();
  }

  /** Runs until the signal fires. @throws what loading the refresher throws. */
  async run(signal: AbortSignal): Promise<void> {
    let refresher = this.#refresher;
    if (refresher === undefined) {
      try {
        refresher = await untilAborted(this.#loaded.promise, signal);
      } catch (error) {
        // Stopped before there was a container.
        if (signal.aborted) return;
        throw error;
      }
    }
    await refresher.run(signal);
  }

  async #load(): Promise<ProfileRefresher> {
    const { ProfileRefresher: Refresher } = await loadProfileRefresher();
    const refresher = new Refresher(this.#options, this.#metrics, this.#bindings, this.#owner, loadProfileComposer);
    this.#refresher = refresher;
    refresher.setDeclarations(this.#declarations);
    for (const [binding, ref] of this.#early) {
      this.bind(binding, ref);
      const { live } = binding;
      binding.live = 0;
      // Also for a container that is in its grace already: its last events want the profile too.
      refresher.acquireLive(binding);
      if (live === 0) refresher.releaseLive(binding);
      else binding.live = live;
    }
    this.#early.clear();
    return refresher;
  }
}
