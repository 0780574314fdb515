import type { KubeClient } from "@kinglet/kube-client";
import { lazy, type Lazy } from "@kinglet/lazy-schema";
import { systemClock, type Clock } from "@kinglet/lifecycle";
import { noopLogger, type Logger } from "@kinglet/logger";
import type { ApplicationProfile, ContainerProfile, NetworkNeighborhood, ProfileMetadata } from "@kinglet/profile";
import type { ProfileWatchHandler } from "@kinglet/profile-cache";

import { loadKubernetesProfileStore } from "./lazy.ts";
import type {
  ProfileStore,
  StoreCallOptions,
  StoreKindOptions,
  StoreWatchOptions,
  UpdateResult,
} from "./profile-store.ts";

/** Options of {@link createKubernetesProfileStore}. @public */
export interface KubernetesProfileStoreOptions {
  /**
   * Budget of one call with its retries, milliseconds, 1 or more.
   * @defaultValue 5000
   */
  readonly callTimeoutMs?: number;
  /**
   * Largest object that is sent, bytes of JSON; a smaller limit of the server counts as well. No API server reads more than the default.
   * @defaultValue 3145728
   */
  readonly maxBytes?: number;
  /** @defaultValue the system's */
  readonly clock?: Clock;
  /** Told about faults of a watch. @defaultValue none */
  readonly logger?: Logger;
  /** 0 ≤ x < 1; spreads the pauses after conflicts. @defaultValue `Math.random` */
  readonly random?: () => number;
}

/**
 * Keeps profiles at the Kubernetes API, be they custom resources (`deploy/crds`) or objects of an aggregated API of the same group.
 *
 * Guarantees: those of {@link ProfileStore}. A 404 counts as "does not exist" only when the server says so of the object; while
 * ContainerProfile itself is not served the store is unavailable, so that an API service that restarts does not empty caches. Which kinds are served is asked
 * (one request) only when an answer leaves it open, and before a watch. Always JSON, except for metadata, where the server may choose.
 *
 * Cost: nothing is loaded before the first call.
 *
 * @param client - stays the caller's; it is not disposed of.
 *
 * @public
 */
export function createKubernetesProfileStore(
  client: KubeClient,
  options: KubernetesProfileStoreOptions = {},
): ProfileStore {
  const { callTimeoutMs = 5_000, maxBytes = 3_145_728, clock = systemClock, logger = noopLogger } = options;
  const { random = Math.random } = options;
  return new LazyProfileStore(async () => {
    const { KubernetesProfileStore } = await loadKubernetesProfileStore();
    return new KubernetesProfileStore({ client, callTimeoutMs, maxBytes, clock, logger, random });
  });
}

/** Makes the store at its first call. */
class LazyProfileStore implements ProfileStore {
  readonly #store: Lazy<Promise<ProfileStore>>;

  constructor(load: () => Promise<ProfileStore>) {
    this.#store = lazy(load);
  }

  async getContainerProfile(
    namespace: string,
    name: string,
    options: StoreCallOptions,
  ): Promise<ContainerProfile | undefined> {
    return (await this.#store()).getContainerProfile(namespace, name, options);
  }

  async getApplicationProfile(
    namespace: string,
    name: string,
    options: StoreCallOptions,
  ): Promise<ApplicationProfile | undefined> {
    return (await this.#store()).getApplicationProfile(namespace, name, options);
  }

  async getNetworkNeighborhood(
    namespace: string,
    name: string,
    options: StoreCallOptions,
  ): Promise<NetworkNeighborhood | undefined> {
    return (await this.#store()).getNetworkNeighborhood(namespace, name, options);
  }

  async list(namespace: string, options: StoreKindOptions): Promise<readonly ProfileMetadata[]> {
    return (await this.#store()).list(namespace, options);
  }

  async put(profile: ContainerProfile, options: StoreCallOptions): Promise<ContainerProfile> {
    return (await this.#store()).put(profile, options);
  }

  async update(
    namespace: string,
    name: string,
    merge: (current: ContainerProfile | undefined) => ContainerProfile | undefined,
    options: StoreCallOptions,
  ): Promise<UpdateResult> {
    return (await this.#store()).update(namespace, name, merge, options);
  }

  async delete(namespace: string, name: string, options: StoreKindOptions): Promise<boolean> {
    return (await this.#store()).delete(namespace, name, options);
  }

  async watchMetadata(handler: ProfileWatchHandler, options: StoreWatchOptions): Promise<void> {
    return (await this.#store()).watchMetadata(handler, options);
  }
}
