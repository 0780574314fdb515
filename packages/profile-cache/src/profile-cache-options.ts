import { createError } from "@kinglet/errors";
import type { Clock } from "@kinglet/lifecycle";
import type { Logger } from "@kinglet/logger";
import type { Metrics } from "@kinglet/metrics";

import type { ContainerLiveness } from "./container-liveness.ts";
import type { ContainerRef } from "./container-ref.ts";
import { profileCacheErrors } from "./errors.ts";
import type { PodContainerNames } from "./profile-composer.ts";
import type { ProfileSource } from "./profile-source.ts";

/** See `ProfileCacheOptions.userProfiles`. @public */
export type UserProfiles = "auto" | "authored" | "overlays" | "none";

/** Options of a `ProfileCache`. @public */
export interface ProfileCacheOptions {
  readonly source: ProfileSource;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Most containers held at once, those in grace included; 1 or more. Scale it with the memory limit. */
  readonly maxEntries: number;
  /**
   * How often every profile is fetched again, milliseconds, 1,000 or more. Up to 10 % is added at random, so that the nodes of a
   * cluster do not ask in step.
   * @defaultValue 60000
   */
  readonly tickIntervalMs?: number;
  /**
   * First wait before a missing profile is asked for again, milliseconds, 1 or more; doubled each time (half of it random) until
   * it reaches the tick interval, from where on the profile is asked for at each tick.
   * @defaultValue 2000
   */
  readonly retryInitialMs?: number;
  /**
   * Budget of one fetch, milliseconds, 1 or more.
   * @defaultValue 5000
   */
  readonly callTimeoutMs?: number;
  /**
   * Most fetches at a time, 1 or more.
   * @defaultValue 4
   */
  readonly maxParallelFetches?: number;
  /**
   * How long a removed container keeps its profile for events that are still queued, milliseconds.
   * @defaultValue 10000
   */
  readonly graceMs?: number;
  /**
   * What widens or replaces learned profiles: `auto`, the authored profile that the pod's label names where there is one, else overlays
   * (ApplicationProfile and NetworkNeighborhood named `ug-<workload>` or by the label); `authored` or `overlays`, only these; `none`.
   * @defaultValue auto
   */
  readonly userProfiles?: UserProfiles;
  /**
   * Most memory that the contents of all profiles together may take, bytes, as they estimate it; 1 or more. A version over it is not
   * taken, with the reason, until there is room: its containers keep the profile they have, or stay pending. Scale it with the memory limit.
   * @defaultValue 67108864
   */
  readonly maxProfileBytes?: number;
  /**
   * Follows the store's metadata watch where there is one, so that nothing is asked while nothing changes.
   * @defaultValue true
   */
  readonly watchesMetadata?: boolean;
  /**
   * Says at each tick how a container is doing, for removals that nobody reported; undefined while that cannot be said (pods not listed
   * yet), which changes nothing. Absent: containers leave by `removeContainer` only.
   */
  readonly liveness?: ((ref: ContainerRef) => ContainerLiveness | undefined) | undefined;
  /**
   * How long the pod of a container may be unknown before the container is forgotten, milliseconds; pods are often known later than
   * their containers.
   * @defaultValue 600000
   */
  readonly unknownPodGraceMs?: number;
  /** Names of the containers of a pod; with it, overlays that leave one out are warned about. */
  readonly podContainers?: ((namespace: string, podName: string) => PodContainerNames | undefined) | undefined;
  /**
   * Offers the metrics under their original names (`node_agent_…`) too.
   * @defaultValue false
   */
  readonly originalMetricNames?: boolean;
  /**
   * Freezes every profile, so that a consumer that writes to one fails. For tests: it visits every entry.
   * @defaultValue false
   */
  readonly freezeProfiles?: boolean;
  /**
   * Source of jitter, 0 ≤ x < 1.
   * @defaultValue Math.random
   */
  readonly random?: () => number;
}

/** Options with everything filled in. @internal */
export type ResolvedProfileCacheOptions = Required<ProfileCacheOptions>;

/** Defaults of {@link ProfileCacheOptions}. @public */
export const profileCacheDefaults: Readonly<
  Required<
    Omit<
      ProfileCacheOptions,
      "source" | "clock" | "logger" | "metrics" | "maxEntries" | "random" | "liveness" | "podContainers"
    >
  >
> = {
  tickIntervalMs: 60_000,
  retryInitialMs: 2_000,
  callTimeoutMs: 5_000,
  maxParallelFetches: 4,
  graceMs: 10_000,
  userProfiles: "auto",
  maxProfileBytes: 67_108_864,
  watchesMetadata: true,
  unknownPodGraceMs: 600_000,
  originalMetricNames: false,
  freezeProfiles: false,
};

/**
 * Fills in the defaults and checks the ranges.
 *
 * @throws `KINGLET_ERR_PROFILE_CACHE_INVALID_OPTION`
 *
 * @internal
 */
export function resolveProfileCacheOptions(options: ProfileCacheOptions): ResolvedProfileCacheOptions {
  const resolved = {
    ...profileCacheDefaults,
    random: Math.random,
    liveness: undefined,
    podContainers: undefined,
    ...options,
  };
  assertAtLeast("maxEntries", resolved.maxEntries, 1);
  assertAtLeast("tickIntervalMs", resolved.tickIntervalMs, 1_000);
  assertAtLeast("retryInitialMs", resolved.retryInitialMs, 1);
  assertAtLeast("callTimeoutMs", resolved.callTimeoutMs, 1);
  assertAtLeast("maxParallelFetches", resolved.maxParallelFetches, 1);
  assertAtLeast("graceMs", resolved.graceMs, 0);
  assertAtLeast("maxProfileBytes", resolved.maxProfileBytes, 1);
  assertAtLeast("unknownPodGraceMs", resolved.unknownPodGraceMs, 0);
  return resolved;
}

function assertAtLeast(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw createError(profileCacheErrors, "KINGLET_ERR_PROFILE_CACHE_INVALID_OPTION", { name, value, least });
}
