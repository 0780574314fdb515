// What reading auditd's log costs: node --conditions=@kinglet/source bench/linux-audit.ts
// The recorded calls over and over, each round with serial numbers and process ids of its own; the fastest of five rounds counts.
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { systemClock } from "@kinglet/lifecycle";
import { noopMetrics } from "@kinglet/metrics";
import { AuditDecoder } from "../src/linux-audit/audit-decoder.ts";
import { createProcessReader, type ProcessReader } from "../src/linux-audit/process-reader.ts";
import { SourceCounters } from "../src/source-counters.ts";

const folder = join(import.meta.dirname, "../fixtures/linux-audit");
const rounds = 40;

/** Nobody runs any more: every process is located through the tree. */
const goneProcesses: ProcessReader = {
  read: () => undefined,
  binaryOf: () => "",
  descriptorTarget: () => "",
  pids: () => [],
};
const realProcesses = createProcessReader("/proc", () => Date.now());
/** Every process is this one: what asking the system costs. */
const askingProcesses: ProcessReader = { ...realProcesses, read: () => realProcesses.read(process.pid) };

function linesOf(name: string): readonly string[] {
  const bytes = readFileSync(join(folder, name));
  const lines = (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("latin1").trimEnd().split("\n");
  return Array.from({ length: rounds }, (_, round) =>
    lines.map((line) =>
      line
        .replace(/:(\d+)\): /, (_all, serial: string) => `:${Number(serial) + round * 1000}): `)
        .replace(/ pid=(\d+)/, (_all, pid: string) => ` pid=${Number(pid) + round * 1000}`),
    ),
  ).flat();
}

function measure(lines: readonly string[], reader: ProcessReader): { seconds: number; events: number } {
  let best = Number.POSITIVE_INFINITY;
  let events = 0;
  for (let attempt = 0; attempt < 5; attempt++) {
    const decoder = new AuditDecoder({
      nodeName: "node",
      kinds: undefined,
      reader,
      maxProcesses: 16_384,
      maxJoining: 512,
      maxArgumentBytes: 131_072,
      clock: systemClock,
      metrics: noopMetrics,
      counters: new SourceCounters(noopMetrics),
      onSerial: () => {},
      onStart: () => 0,
    });
    events = 0;
    const begin = process.hrtime.bigint();
    for (const line of lines) {
      decoder.take(line, 0);
      for (let event = decoder.whole.shift(); event !== undefined; event = decoder.whole.shift()) {
        if (decoder.build(event, events + 1) !== undefined) events += 1;
      }
    }
    best = Math.min(best, Number(process.hrtime.bigint() - begin) / 1e9);
  }
  return { seconds: best, events };
}

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? "unknown CPU"}`);
for (const name of ["container-exec.log", "calls-raw.log.gz", "calls-enriched.log.gz"]) {
  const lines = linesOf(name);
  const megabytes = lines.reduce((sum, line) => sum + line.length + 1, 0) / 1e6;
  for (const [what, reader] of [
    ["processes gone", goneProcesses],
    ["processes asked", askingProcesses],
  ] as const) {
    const { seconds, events } = measure(lines, reader);
    const perSecond = (count: number): string => Math.round(count / seconds).toLocaleString("en");
    console.log(
      `${name}, ${what}: ${perSecond(lines.length)} lines/s, ${perSecond(events)} events/s, ${(megabytes / seconds).toFixed(0)} MB/s`,
    );
  }
}
