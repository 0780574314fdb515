import type { Counter, Gauge, Histogram, LabelValues } from "./metrics.ts";
import type { SeriesTable } from "./series.ts";

// Hot path: called per event; budget: 0 allocations without labels or with one label of a known value.

/** @internal */
export class TableCounter implements Counter {
  readonly #series: SeriesTable;

  constructor(series: SeriesTable) {
    this.#series = series;
  }

  add(value = 1, labels?: LabelValues<string>): void {
    // Also false for NaN: a counter that went down or away would break every rate computed from it.
    if (value >= 0) this.#series.find(labels).value += value;
  }
}

/** @internal */
export class TableGauge implements Gauge {
  readonly #series: SeriesTable;

  constructor(series: SeriesTable) {
    this.#series = series;
  }

  set(value: number, labels?: LabelValues<string>): void {
    this.#series.find(labels).value = value;
  }

  add(value: number, labels?: LabelValues<string>): void {
    this.#series.find(labels).value += value;
  }
}

/** @internal */
export class TableHistogram implements Histogram {
  readonly #series: SeriesTable;
  readonly #buckets: readonly number[];

  constructor(series: SeriesTable, buckets: readonly number[]) {
    this.#series = series;
    this.#buckets = buckets;
  }

  observe(value: number, labels?: LabelValues<string>): void {
    if (Number.isNaN(value)) return;
    const cell = this.#series.find(labels);
    const counts = cell.counts!; // histograms are made with buckets
    let index = 0;
    while (index < this.#buckets.length && value > this.#buckets[index]!) index++;
    counts[index]! += 1;
    cell.value += value;
  }
}
