import type { Counter, Histogram, Metrics } from "@kinglet/metrics";

import {
  containersGauge,
  evictionsCounter,
  fetchesCounter,
  fetchSecondsHistogram,
  lookupsCounter,
  profilesGauge,
  refusedCounter,
} from "./metrics.ts";

/** Sizes read at each exposition. @internal */
export interface ProfileCacheCounts {
  readonly pending: number;
  readonly active: number;
  readonly grace: number;
  readonly wanted: number;
  readonly held: number;
  readonly stale: number;
  readonly distinct: number;
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
  readonly evictions: Counter<"reason">;
  readonly refused: Counter;

  constructor(metrics: Metrics, readCounts: () => ProfileCacheCounts) {
    this.fetches = metrics.counter(fetchesCounter);
    this.fetchSeconds = metrics.histogram(fetchSecondsHistogram);
    this.evictions = metrics.counter(evictionsCounter);
    this.refused = metrics.counter(refusedCounter);
    const containers = metrics.gauge(containersGauge);
    const profiles = metrics.gauge(profilesGauge);
    const lookups = metrics.counter(lookupsCounter);
    metrics.onCollect(() => {
      const counts = readCounts();
      containers.set(counts.pending, { state: "pending" });
      containers.set(counts.active, { state: "active" });
      containers.set(counts.grace, { state: "grace" });
      profiles.set(counts.wanted, { kind: "wanted" });
      profiles.set(counts.held, { kind: "held" });
      profiles.set(counts.stale, { kind: "stale" });
      profiles.set(counts.distinct, { kind: "distinct" });
      lookups.add(this.hits, { result: "hit" });
      lookups.add(this.misses, { result: "miss" });
      this.hits = 0;
      this.misses = 0;
    });
  }
}
