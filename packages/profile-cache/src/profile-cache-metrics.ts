import type { Counter, Histogram, Metrics } from "@kinglet/metrics";

import {
  containersGauge,
  contentBytesGauge,
  evictionsCounter,
  fetchesCounter,
  fetchSecondsHistogram,
  lookupsCounter,
  profilesGauge,
  refusedCounter,
} from "./metrics.ts";

/** Parts of a tick. @internal */
export type ReconcilePhase = "evict" | "refresh";

/** Why a profile or a container left. @internal */
export type EvictionReason = "profile_deleted" | "container_removed" | "pod_stopped" | "pod_unknown" | "full";

/** Sizes read at each exposition. @internal */
export interface ProfileCacheCounts {
  readonly containers: Readonly<Record<"pending" | "active" | "unbound" | "grace", number>>;
  readonly profiles: Readonly<Record<string, number>>;
  readonly contentBytes: number;
}

/** The metrics under the names that dashboards of existing installations ask for. @internal */
export interface OriginalMetrics {
  /** @param lookups - all since the start; those before the names were offered count too. */
  collect(counts: ProfileCacheCounts, lookups: { readonly hits: number; readonly misses: number }): void;
  evicted(reason: EvictionReason): void;
  overlayLoaded(kind: "application" | "network", completeness: "full" | "partial"): void;
  labelResolved(result: "adopted" | "unresolved", namespace: string): void;
  reconciled(phase: ReconcilePhase, seconds: number): void;
}

/**
 * The metrics of one cache. Look-ups are plain numbers that are added up at each exposition, because they happen once per event.
 *
 * @internal
 */
export class ProfileCacheMetrics {
  hits = 0;
  misses = 0;
  #collectedHits = 0;
  #collectedMisses = 0;
  readonly fetches: Counter<"result">;
  readonly fetchSeconds: Histogram;
  readonly refused: Counter;
  readonly #evictions: Counter<"reason">;
  /** The same under the original names, once they are offered. */
  original: OriginalMetrics | undefined = undefined;

  constructor(metrics: Metrics, readCounts: () => ProfileCacheCounts) {
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
      for (const [state, count] of Object.entries(counts.containers)) containers.set(count, { state });
      for (const [kind, count] of Object.entries(counts.profiles)) profiles.set(count, { kind });
      contentBytes.set(counts.contentBytes);
      lookups.add(this.hits - this.#collectedHits, { result: "hit" });
      lookups.add(this.misses - this.#collectedMisses, { result: "miss" });
      this.#collectedHits = this.hits;
      this.#collectedMisses = this.misses;
      this.original?.collect(counts, this);
    });
  }

  evicted(reason: EvictionReason): void {
    this.#evictions.add(1, { reason });
    this.original?.evicted(reason);
  }
}
