import { runSoak, type SoakReport } from "./run-soak.ts";
import { parseSoakOptions, USAGE, type SoakOptions } from "./soak-options.ts";

/** `pnpm soak`: see `--help`. */
process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  let options: SoakOptions;
  try {
    options = parseSoakOptions(argv);
  } catch (error) {
    process.stderr.write(`soak: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return 2;
  }
  if (options.isHelp) {
    process.stdout.write(USAGE);
    return 0;
  }
  const startedMs = Date.now();
  const say = (line: string): void => {
    process.stderr.write(`${((Date.now() - startedMs) / 1000).toFixed(0).padStart(5)} s  ${line}\n`);
  };
  try {
    const report = await runSoak(options, say);
    process.stdout.write(options.output === "json" ? `${JSON.stringify(report, undefined, 2)}\n` : textOf(report));
    return report.violations.length === 0 ? 0 : 1;
  } catch (error) {
    process.stderr.write(`soak: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 2;
  }
}

function textOf(report: SoakReport): string {
  return [
    `${report.server}, seed ${report.seed}, ${report.minutes} min at ${report.speed} times the client's time, ${report.objects} objects, ${report.writes} writes`,
    `${report.faults.length} faults made, ${new Set(report.faults.map(({ name }) => name)).size} kinds of them; ${slowestText(report)}`,
    `heap: ${heapText(report)}`,
    ...report.leftOut.map(({ name, why }) => `left out: ${name}: ${why}`),
    report.violations.length === 0 ? "every invariant held" : `${report.violations.length} violations:`,
    ...report.violations.map((text) => `  ${text}`),
    "",
  ].join("\n");
}

function slowestText({ faults }: SoakReport): string {
  const [slowest] = faults.toSorted((left, right) => right.recoveredMs - left.recoveredMs);
  return slowest === undefined
    ? "none to recover from"
    : `slowest recovery ${slowest.recoveredMs} ms (${slowest.name})`;
}

function heapText({ heap, warmAtMs, heapTrendPer10Minutes: trend }: SoakReport): string {
  const megabytes = (sample: { readonly bytes: number } | undefined): string =>
    `${((sample?.bytes ?? 0) / 1e6).toFixed(1)} MB`;
  const warm = heap.find(({ atMs }) => warmAtMs !== undefined && atMs >= warmAtMs);
  return [
    `${megabytes(heap[0])} at first`,
    warm === undefined ? "never warm" : `${megabytes(warm)} when warm`,
    `${megabytes(heap.at(-1))} at last`,
    trend === undefined ? "too few samples for a trend" : `${(trend * 100).toFixed(2)} % per 10 min after warm-up`,
  ].join(", ");
}
