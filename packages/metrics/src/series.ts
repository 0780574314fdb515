import type { LabelValues } from "./metrics.ts";

/** What one series of a metric holds: one number, or the counts of a histogram. */
export interface Cell {
  /** Counter or gauge value; sum of a histogram. */
  value: number;
  /** Histograms: observations at or below each bucket's bound, not cumulative; the last place counts all others. */
  readonly counts: Float64Array | undefined;
}

/** Longest label value that is kept, characters; longer ones are cut. */
const maxLabelLength = 256;
/** Label value of the series that takes everything beyond the bound. */
const overflowValue = "overflow";

/**
 * The series of one metric, at most `maxSeries` of them and one more for the rest.
 *
 * @internal
 */
export class SeriesTable {
  /** Calls that ended in the overflow series because the bound was reached. */
  overflowed = 0;
  readonly #labels: readonly string[];
  readonly #maxSeries: number;
  readonly #bucketCount: number;
  /** The series without labels; only metrics that declare none have it. */
  readonly plain: Cell | undefined;
  #cells: Map<string, { readonly labels: Readonly<Record<string, string>>; readonly cell: Cell }> | undefined;
  #overflow: Cell | undefined;

  constructor(labels: readonly string[], maxSeries: number, bucketCount: number) {
    this.#labels = labels;
    this.#maxSeries = maxSeries;
    this.#bucketCount = bucketCount;
    this.plain = labels.length === 0 ? this.#createCell() : undefined;
    this.#cells = undefined;
    this.#overflow = undefined;
  }

  /** Cost: a map look-up; one short string per call when there are two or more labels, nothing otherwise. */
  find(values: LabelValues<string> | undefined): Cell {
    if (this.plain !== undefined) return this.plain;
    let key = this.#labelValue(values, 0);
    for (let index = 1; index < this.#labels.length; index++) key = `${key}\u0000${this.#labelValue(values, index)}`;
    const known = this.#cells?.get(key);
    return known === undefined ? this.#add(key, values) : known.cell;
  }

  /** All series, in the order of their first use. */
  *entries(): Generator<{ readonly labels: Readonly<Record<string, string>>; readonly cell: Cell }> {
    if (this.plain !== undefined) yield { labels: {}, cell: this.plain };
    if (this.#cells !== undefined) yield* this.#cells.values();
    if (this.#overflow !== undefined) {
      yield { labels: Object.fromEntries(this.#labels.map((name) => [name, overflowValue])), cell: this.#overflow };
    }
  }

  #labelValue(values: LabelValues<string> | undefined, index: number): string {
    const value = values?.[this.#labels[index]!] ?? ""; // index < length at both callers
    return value.length <= maxLabelLength ? value : value.slice(0, maxLabelLength);
  }

  #add(key: string, values: LabelValues<string> | undefined): Cell {
    this.#cells ??= new Map();
    if (this.#cells.size >= this.#maxSeries) {
      this.overflowed++;
      this.#overflow ??= this.#createCell();
      return this.#overflow;
    }
    const labels = Object.fromEntries(this.#labels.map((name, index) => [name, this.#labelValue(values, index)]));
    const cell = this.#createCell();
    this.#cells.set(key, { labels, cell });
    return cell;
  }

  #createCell(): Cell {
    return { value: 0, counts: this.#bucketCount === 0 ? undefined : new Float64Array(this.#bucketCount + 1) };
  }
}
