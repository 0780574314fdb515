import type { Counter, Histogram, MetricDefinition, Metrics } from "@kinglet/metrics";

import type { ProfileCacheMetrics, ReconcilePhase } from "./profile-cache-metrics.ts";

/** Overlays. */
const overlaysCounter: MetricDefinition<"kind" | "completeness"> = {
  type: "counter",
  name: "kinglet_profile_cache_overlays_total",
  help: "Overlays merged into a profile, by kind (application, network) and by whether they describe every container of the pod.",
  labels: ["kind", "completeness"],
};

/** Labels. */
const labelsCounter: MetricDefinition<"result" | "namespace"> = {
  type: "counter",
  name: "kinglet_profile_cache_labels_total",
  help: "Pod labels that led to an authored profile (adopted) or to nothing (unresolved).",
  labels: ["result", "namespace"],
};

/** Ticks. */
const reconcileSecondsHistogram: MetricDefinition<"phase"> = {
  type: "histogram",
  name: "kinglet_profile_cache_reconcile_duration_seconds",
  help: "How long the phases of a tick took: evict (comparing containers with their pods), refresh (until the last object was fetched again).",
  labels: ["phase"],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
};

/**
 * The metrics that nothing moves before there is a container; each under its own name and, where they are offered, the original one.
 *
 * @internal
 */
export class RefreshMetrics {
  readonly #cache: ProfileCacheMetrics;
  readonly #metrics: Metrics;
  readonly #reconcileSeconds: Histogram<"phase">;
  #overlays: Counter<"kind" | "completeness"> | undefined = undefined;
  #labels: Counter<"result" | "namespace"> | undefined = undefined;

  constructor(cache: ProfileCacheMetrics, metrics: Metrics) {
    this.#cache = cache;
    this.#metrics = metrics;
    this.#reconcileSeconds = metrics.histogram(reconcileSecondsHistogram);
  }

  /** Registered at the first overlay: most clusters have none. */
  overlayLoaded(kind: "application" | "network", completeness: "full" | "partial"): void {
    this.#overlays ??= this.#metrics.counter(overlaysCounter);
    this.#overlays.add(1, { kind, completeness });
    this.#cache.original?.overlayLoaded(kind, completeness);
  }

  /** Registered at the first label. */
  labelResolved(result: "adopted" | "unresolved", namespace: string): void {
    this.#labels ??= this.#metrics.counter(labelsCounter);
    this.#labels.add(1, { result, namespace });
    this.#cache.original?.labelResolved(result, namespace);
  }

  /** How long a part of a tick took. */
  reconciled(phase: ReconcilePhase, durationMs: number): void {
    this.#reconcileSeconds.observe(durationMs / 1_000, { phase });
    this.#cache.original?.reconciled(phase, durationMs / 1_000);
  }
}
