/**
 * Declares one metric; written as a literal in the package that owns the metric (`src/metrics.ts` there).
 *
 * @public
 */
export interface MetricDefinition<Label extends string = string> {
  readonly type: "counter" | "gauge" | "histogram";
  /** Full name with unit, e.g. `kinglet_events_dropped_total`. */
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  /** Label names, fixed order. The set of values must be bounded. */
  readonly labels?: readonly Label[];
  /** Upper bounds, ascending; histograms only. */
  readonly buckets?: readonly number[];
}

/** Label values by label name. @public */
export type LabelValues<Label extends string> = Readonly<Record<Label, string>>;

/** Goes up only. @public */
export interface Counter<Label extends string = string> {
  /** Adds `value` (default 1, never negative). */
  add(value?: number, labels?: LabelValues<Label>): void;
}

/** Goes up and down. @public */
export interface Gauge<Label extends string = string> {
  set(value: number, labels?: LabelValues<Label>): void;
  add(value: number, labels?: LabelValues<Label>): void;
}

/** Distribution over fixed buckets. @public */
export interface Histogram<Label extends string = string> {
  observe(value: number, labels?: LabelValues<Label>): void;
}

/**
 * Where metrics are registered; passed in, never global.
 *
 * Asking for the same definition twice gives the same metric; another definition under the same name is
 * `KINGLET_ERR_METRICS_CONFLICT`.
 *
 * @public
 */
export interface Metrics {
  counter<Label extends string>(definition: MetricDefinition<Label>): Counter<Label>;
  gauge<Label extends string>(definition: MetricDefinition<Label>): Gauge<Label>;
  histogram<Label extends string>(definition: MetricDefinition<Label>): Histogram<Label>;
  /** Runs before each exposition, for values that are read rather than counted. Returns the function that removes it. */
  onCollect(collect: () => void): () => void;
}

const noop = (): void => {};

/**
 * Metrics that are switched off.
 *
 * @public
 */
export const noopMetrics: Metrics = {
  counter: () => ({ add: noop }),
  gauge: () => ({ set: noop, add: noop }),
  histogram: () => ({ observe: noop }),
  onCollect: () => noop,
};
