import { createError } from "@kinglet/errors";
import { problemOf } from "./describe-metrics.ts";
import { metricsErrors } from "./errors.ts";
import { TableCounter, TableGauge, TableHistogram } from "./instruments.ts";
import { loadRegistry } from "./lazy.ts";
import type { Counter, Gauge, Histogram, MetricDefinition, Metrics } from "./metrics.ts";
import { SeriesTable } from "./series.ts";

/**
 * Metrics that can be read.
 *
 * @public
 */
export interface MetricsRegistry extends Metrics {
  /**
   * The Prometheus text of all metrics. Collectors run first; one that throws is counted in
   * `kinglet_metrics_collector_errors_total` and the others go on.
   *
   * Cost: the text format is loaded at the first call (47 KB of heap); memory for the text is free again afterwards.
   */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** What is defined, in the order of definition. */
  definitions(): readonly MetricDefinition[];
}

/** Series that did not fit, by metric. @public */
export const seriesOverflowDefinition: MetricDefinition<"metric"> = {
  type: "counter",
  name: "kinglet_metrics_series_overflow_total",
  help: "Updates that went to the overflow series because a metric had reached its bound of series.",
  labels: ["metric"],
};

/** Faults of collectors. @public */
export const collectorErrorsDefinition: MetricDefinition = {
  type: "counter",
  name: "kinglet_metrics_collector_errors_total",
  help: "Collectors that failed during an exposition.",
};

/**
 * Makes the metrics of one process; pass them to the parts, never keep them in a global.
 *
 * Each update without labels adds to a number: no allocation, no look-up. Series of one metric are bounded; the rest shares one
 * series whose labels are all `overflow`.
 *
 * @param options - `maxSeriesPerMetric`: 1 or more, default 500.
 *
 * @public
 */
export function createMetrics(options: { readonly maxSeriesPerMetric?: number } = {}): MetricsRegistry {
  return new TableMetrics(options.maxSeriesPerMetric ?? 500);
}

interface Registered {
  readonly definition: MetricDefinition;
  readonly series: SeriesTable;
  readonly instrument: Counter | Gauge | Histogram;
}

class TableMetrics implements MetricsRegistry {
  readonly #maxSeries: number;
  readonly #metrics = new Map<string, Registered>();
  readonly #collectors = new Set<() => void>();
  readonly #reportedOverflow = new Map<string, number>();

  constructor(maxSeries: number) {
    this.#maxSeries = maxSeries;
  }

  counter<Label extends string>(definition: MetricDefinition<Label>): Counter<Label> {
    return this.#define(definition, "counter", (series) => new TableCounter(series)) as Counter<Label>;
  }

  gauge<Label extends string>(definition: MetricDefinition<Label>): Gauge<Label> {
    return this.#define(definition, "gauge", (series) => new TableGauge(series)) as Gauge<Label>;
  }

  histogram<Label extends string>(definition: MetricDefinition<Label>): Histogram<Label> {
    const buckets = definition.buckets ?? [];
    return this.#define(definition, "histogram", (series) => new TableHistogram(series, buckets)) as Histogram<Label>;
  }

  onCollect(collect: () => void): () => void {
    // A function of our own per call: the same collector may be added twice and removed once.
    const own = (): void => collect();
    this.#collectors.add(own);
    return () => {
      this.#collectors.delete(own);
    };
  }

  definitions(): readonly MetricDefinition[] {
    return [...this.#metrics.values()].map(({ definition }) => definition);
  }

  async exposition(): Promise<{ readonly contentType: string; readonly text: string }> {
    const { default: Registry } = await loadRegistry();
    const registry = new Registry();
    for (const collect of this.#collectors) {
      try {
        collect();
      } catch {
        // The number says that it happened; one broken collector must not blind the others.
        this.counter(collectorErrorsDefinition).add();
      }
    }
    this.#countOverflow();
    for (const { definition, series } of this.#metrics.values()) {
      registry.registerMetric({
        name: definition.name,
        get: () => ({
          name: definition.name,
          help: definition.help,
          type: definition.type,
          values: definition.type === "histogram" ? histogramValues(definition, series) : plainValues(series),
        }),
      });
    }
    return { contentType: registry.contentType, text: await registry.metrics() };
  }

  #define(
    definition: MetricDefinition,
    type: MetricDefinition["type"],
    create: (series: SeriesTable) => Counter | Gauge | Histogram,
  ): Counter | Gauge | Histogram {
    const { name } = definition;
    const known = this.#metrics.get(name);
    if (known !== undefined) {
      const difference = definition.type === type ? differenceOf(known.definition, definition) : "type";
      if (difference === undefined) return known.instrument;
      throw createError(metricsErrors, "KINGLET_ERR_METRICS_CONFLICT", { name, difference });
    }
    const reason =
      definition.type === type ? problemOf(definition) : `it is defined as ${definition.type} and used as ${type}`;
    if (reason !== undefined) throw createError(metricsErrors, "KINGLET_ERR_METRICS_INVALID", { name, reason });
    const series = new SeriesTable(definition.labels ?? [], this.#maxSeries, definition.buckets?.length ?? 0);
    const instrument = create(series);
    this.#metrics.set(name, { definition, series, instrument });
    return instrument;
  }

  #countOverflow(): void {
    for (const { definition, series } of [...this.#metrics.values()]) {
      const before = this.#reportedOverflow.get(definition.name) ?? 0;
      if (series.overflowed === before) continue;
      this.#reportedOverflow.set(definition.name, series.overflowed);
      this.counter(seriesOverflowDefinition).add(series.overflowed - before, { metric: definition.name });
    }
  }
}

interface FormattedValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly metricName?: string;
}

function plainValues(series: SeriesTable): readonly FormattedValue[] {
  return Array.from(series.entries(), ({ labels, cell }) => ({ labels, value: cell.value }));
}

function histogramValues(definition: MetricDefinition, series: SeriesTable): readonly FormattedValue[] {
  const buckets = definition.buckets ?? [];
  const values: FormattedValue[] = [];
  for (const { labels, cell } of series.entries()) {
    const counts = cell.counts!; // histograms are made with buckets
    let total = 0;
    for (let index = 0; index < counts.length; index++) {
      total += counts[index]!;
      const le = index < buckets.length ? String(buckets[index]) : "+Inf";
      values.push({ metricName: `${definition.name}_bucket`, labels: { ...labels, le }, value: total });
    }
    values.push({ metricName: `${definition.name}_sum`, labels, value: cell.value });
    values.push({ metricName: `${definition.name}_count`, labels, value: total });
  }
  return values;
}

function differenceOf(a: MetricDefinition, b: MetricDefinition): string | undefined {
  if (a === b) return undefined;
  if (a.type !== b.type) return "type";
  if (a.help !== b.help) return "help";
  if ((a.labels ?? []).join() !== (b.labels ?? []).join()) return "labels";
  return (a.buckets ?? []).join() === (b.buckets ?? []).join() ? undefined : "buckets";
}
