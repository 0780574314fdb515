import type { Counter, Histogram, Metrics } from "@kinglet/metrics";

import {
  containersGauge,
  contentBytesGauge,
  evictionsCounter,
  fetchesCounter,
  fetchSecondsHistogram,
  labelsCounter,
  lookupsCounter,
  overlaysCounter,
  profilesGauge,
  refusedCounter,
} from "./metrics.ts";

/** Why a profile or a container left. @internal */
export type EvictionReason = "profile_deleted" | "container_removed" | "pod_stopped" | "pod_unknown" | "full";

/** Sizes read at each exposition. @internal */
export interface ProfileCacheCounts {
  readonly pending: number;
  readonly active: number;
  readonly unbound: number;
  readonly grace: number;
  readonly wanted: number;
  readonly held: number;
  readonly stale: number;
  readonly outdated: number;
  readonly distinct: number;
  readonly contentBytes: number;
}

/** The metrics under the names that dashboards of existing installations ask for. @internal */
export interface OriginalMetrics {
  collect(counts: ProfileCacheCounts, hits: number, misses: number): void;
  evicted(reason: EvictionReason): void;
  overlayLoaded(kind: "application" | "network", completeness: "full" | "partial"): void;
  labelResolved(result: "adopted" | "unresolved", namespace: string): void;
  reconciled(durationMs: number): void;
}

/**
 * The metrics of one cache. Look-ups are plain numbers that are added up at each exposition, because they happen once per event.
 *
 * @internal
 */
export class ProfileCacheMetrics {
  hits = 0;
  misses = 0;
  readonly fetches: Counter<"result">;
  readonly fetchSeconds: Histogram;
  readonly refused: Counter;
  readonly #evictions: Counter<"reason">;
  readonly #metrics: Metrics;
  #original: OriginalMetrics | undefined = undefined;

  constructor(metrics: Metrics, readCounts: () => ProfileCacheCounts) {
    this.#metrics = metrics;
    this.fetches = metrics.counter(fetchesCounter);
    this.fetchSeconds = metrics.histogram(fetchSecondsHistogram);
    this.#evictions = metrics.counter(evictionsCounter);
    this.refused = metrics.counter(refusedCounter);
    const containers = metrics.gauge(containersGauge);
    const profiles = metrics.gauge(profilesGauge);
    const contentBytes = metrics.gauge(contentBytesGauge);
    const lookups = metrics.counter(lookupsCounter);
    metrics.onCollect(() => {
      const counts = readCounts();
      for (const state of ["pending", "active", "unbound", "grace"] as const) containers.set(counts[state], { state });
      for (const kind of ["wanted", "held", "stale", "outdated", "distinct"] as const)
        profiles.set(counts[kind], { kind });
      contentBytes.set(counts.contentBytes);
      lookups.add(this.hits, { result: "hit" });
      lookups.add(this.misses, { result: "miss" });
      this.#original?.collect(counts, this.hits, this.misses);
      this.hits = 0;
      this.misses = 0;
    });
  }

  /** Everything counted from here on is offered under the original names too. */
  offerOriginal(offer: (metrics: Metrics) => OriginalMetrics): void {
    this.#original = offer(this.#metrics);
  }

  evicted(reason: EvictionReason): void {
    this.#evictions.add(1, { reason });
    this.#original?.evicted(reason);
  }

  /** Registered at the first overlay: most clusters have none. */
  overlayLoaded(kind: "application" | "network", completeness: "full" | "partial"): void {
    this.#metrics.counter(overlaysCounter).add(1, { kind, completeness });
    this.#original?.overlayLoaded(kind, completeness);
  }

  /** Registered at the first label. */
  labelResolved(result: "adopted" | "unresolved", namespace: string): void {
    this.#metrics.counter(labelsCounter).add(1, { result, namespace });
    this.#original?.labelResolved(result, namespace);
  }

  /** How long the part of a tick took that is done in one go, milliseconds. */
  reconciled(durationMs: number): void {
    this.#original?.reconciled(durationMs);
  }
}
