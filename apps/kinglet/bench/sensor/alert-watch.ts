/** Marks that were written as executions outside the profile, and when their alerts came. */
export class AlertWatch {
  readonly #writtenMs = new Map<string, number>();
  readonly #latencies: number[] = [];
  #sum = 0;
  /** Alerts that nobody asked for. */
  unexpected = 0;

  written(mark: string): void {
    this.#writtenMs.set(mark, performance.now());
  }

  /** A line of the sensor's standard output. */
  alert(line: string): void {
    const mark = /\/opt\/unknown\/([\w-]+)/u.exec(line)?.[1] ?? "";
    const at = this.#writtenMs.get(mark);
    if (at === undefined) {
      this.unexpected++;
      return;
    }
    this.#writtenMs.delete(mark);
    this.#latencies.push(performance.now() - at);
  }

  /** Marks without an alert yet. */
  get missing(): number {
    return this.#writtenMs.size;
  }

  get count(): number {
    return this.#latencies.length;
  }

  /** Resolves when every mark has its alert, or after `timeoutMs`. */
  async settled(timeoutMs: number): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    while (this.missing > 0 && performance.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Milliseconds from the write to the alert's arrival since the last call; forgets them. */
  takeLatencies(): { readonly p50: string; readonly p99: string; readonly max: string } {
    const sorted = this.#latencies.toSorted((one, other) => one - other);
    this.#sum += sorted.length;
    this.#latencies.length = 0;
    const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN).toFixed(1);
    return { p50: at(0.5), p99: at(0.99), max: at(1) };
  }

  /** Alerts that came, of all phases. */
  get total(): number {
    return this.#sum + this.#latencies.length;
  }
}
