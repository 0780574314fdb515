import { readUsage, type CgroupUsage } from "./cgroup-usage.ts";

/** One look a second at what a container uses. */
export class UsageSamples implements Disposable {
  readonly #pid: number;
  readonly #rows: { readonly cores: number; readonly usage: CgroupUsage }[] = [];
  readonly #timer: NodeJS.Timeout;
  #last: { readonly atMs: number; readonly cpuMicros: number };

  constructor(pid: number) {
    this.#pid = pid;
    this.#last = { atMs: performance.now(), cpuMicros: readUsage(pid).cpuMicros };
    this.#timer = setInterval(() => this.#sample(), 1000);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Average and peak since the start; CPU in cores (the peak is that of ten seconds), memory in MiB. */
  report(): Readonly<
    Record<"CPU, cores" | "anonymous, MiB" | "resident, MiB" | "working set, MiB", readonly [string, string]>
  > {
    const rows = this.#rows;
    const tens = rows.slice(9).map((_row, at) => mean(rows.slice(at, at + 10).map(({ cores }) => cores)));
    const cores = rows.map((row) => row.cores);
    const memory = (key: "anonBytes" | "residentBytes" | "workingSetBytes"): readonly [string, string] => {
      const values = rows.map(({ usage }) => usage[key] / 1_048_576);
      return [mean(values).toFixed(1), Math.max(...values).toFixed(1)];
    };
    return {
      "CPU, cores": [mean(cores).toFixed(3), Math.max(...(tens.length > 0 ? tens : cores)).toFixed(3)],
      "anonymous, MiB": memory("anonBytes"),
      "resident, MiB": memory("residentBytes"),
      "working set, MiB": memory("workingSetBytes"),
    };
  }

  #sample(): void {
    const usage = readUsage(this.#pid);
    const atMs = performance.now();
    const cores = (usage.cpuMicros - this.#last.cpuMicros) / 1000 / (atMs - this.#last.atMs);
    this.#last = { atMs, cpuMicros: usage.cpuMicros };
    this.#rows.push({ cores, usage });
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
