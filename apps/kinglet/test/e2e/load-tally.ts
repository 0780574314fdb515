/** What came of a load; times in milliseconds. */
export interface LoadReport {
  readonly phase: string;
  readonly reviews: number;
  readonly perSecond: number;
  /** Reviews that nobody answered. */
  readonly lost: number;
  /** Reviews that were answered after the caller's time. */
  readonly late: number;
  /** Reviews whose answer is not what the policies say. */
  readonly wrong: number;
  /** Attempts that failed, by reason, whether or not another one followed. */
  readonly failures: Readonly<Record<string, number>>;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Counts what becomes of the requests that are begun in one phase. */
export class LoadTally {
  readonly times: number[] = [];
  readonly failures: Record<string, number> = {};
  readonly startMs = performance.now();
  lost = 0;
  late = 0;
  wrong = 0;

  /** Counts an attempt that failed. */
  fail(reason: string): void {
    this.failures[reason] = (this.failures[reason] ?? 0) + 1;
  }

  report(phase: string): LoadReport {
    const sorted = this.times.toSorted((left, right) => left - right);
    const at = (share: number): number =>
      Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10;
    const { lost, late, wrong, failures } = this;
    const reviews = sorted.length + lost;
    const perSecond = Math.round((reviews * 1000) / (performance.now() - this.startMs));
    return { phase, reviews, perSecond, lost, late, wrong, failures, p50: at(0.5), p99: at(0.99), max: at(1) };
  }
}
