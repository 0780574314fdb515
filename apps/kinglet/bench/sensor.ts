// pnpm bench sensor: the built sensor in a container of podman under the load that node-agent is measured with, then as fast as it goes. Needs the build,
// podman, buildah and runc. Alone: node --conditions=@kinglet/source bench/sensor.ts [--minutes 10] [--memory 128m] [--containers 100]
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openSimCluster, openTempDir } from "@kinglet/testing";
import { AlertWatch } from "./sensor/alert-watch.ts";
import { ContainedSensor } from "./sensor/contained-sensor.ts";
import { loadCluster } from "./sensor/loaded-cluster.ts";
import { ReferenceLoad, referenceRates } from "./sensor/reference-load.ts";
import { RotatedFile } from "./sensor/rotated-file.ts";
import { UsageSamples } from "./sensor/usage-samples.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    memory: { type: "string", default: "128m" },
    containers: { type: "string", default: "100" },
    seconds: { type: "string", default: "20" },
  },
});
const minutes = Number(values.minutes);
const pacedSeconds = Number(values.seconds);
const tickMs = 20;
/** Prime to the numbers of containers, so that the marks come from all of them. */
const batchSize = 9999;
/** MiB at the reference load, on average. */
const residentTarget = 80;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What one phase works with. */
interface Bench {
  readonly file: RotatedFile;
  readonly load: ReferenceLoad;
  readonly sensor: ContainedSensor;
  readonly alerts: AlertWatch;
}

let marks = 0;

function mark(bench: Bench): string {
  const name = `mark-${marks++}`;
  bench.alerts.written(name);
  return bench.load.anomaly(name);
}

/** Writes what falls due every 20 ms; one execution a second that no profile lists is among it. */
async function keepPace(bench: Bench, seconds: number, scale: number): Promise<number> {
  const { load, file } = bench;
  const due = { opens: 0, execs: 0, connections: 0, links: 0, dns: 0, marks: 0 };
  const rates = { ...referenceRates, marks: 1 };
  const startMs = performance.now();
  let lastMs = startMs;
  let written = 0;
  while (lastMs < startMs + seconds * 1000) {
    await sleep(tickMs);
    const nowMs = performance.now();
    const lines: string[] = [];
    for (const kind of Object.keys(due) as (keyof typeof due)[]) {
      due[kind] += (rates[kind] * (kind === "marks" ? Math.sqrt(scale) : scale) * (nowMs - lastMs)) / 1000;
      for (; due[kind] >= 1; due[kind]--) {
        if (kind === "opens") lines.push(load.open());
        else if (kind === "execs") lines.push(load.exec(), load.exit());
        else if (kind === "connections") lines.push(load.connection());
        else if (kind === "links") lines.push(load.link());
        else if (kind === "dns") lines.push(load.dns());
        else lines.push(mark(bench));
      }
    }
    file.write(lines);
    written += lines.length;
    lastMs = nowMs;
  }
  return written;
}

async function referencePhase(bench: Bench): Promise<void> {
  console.log(
    `\n== reference load, ${minutes} min: opens 1000/s, exec 10/s (and their exits), connections 110/s, links 20/s, dns 2/s`,
  );
  await keepPace(bench, Math.min(60, minutes * 12), 1);
  bench.alerts.takeLatencies();
  using samples = new UsageSamples(bench.sensor.pid);
  const written = await keepPace(bench, minutes * 60, 1);
  await bench.alerts.settled(10_000);
  console.log(
    `${written} events written, ${bench.alerts.missing} alerts missing, ${bench.alerts.unexpected} unexpected`,
  );
  console.table(
    Object.fromEntries(Object.entries(samples.report()).map(([what, [average, peak]]) => [what, { average, peak }])),
  );
  console.log(`target: resident <= ${residentTarget} MiB on average`);
  console.log("peer, node-agent: 0.154 cores on average, 0.159 at the peak; 259-341 MiB on average");
  console.log("event to alert, ms:", bench.alerts.takeLatencies());
  for (const line of await bench.sensor.samples("dedup")) console.log(line);
}

/** As fast as the sensor reads, then at 20,000 events a second. */
async function ratePhase(bench: Bench): Promise<void> {
  const { file, alerts, sensor } = bench;
  const startMs = performance.now();
  let events = 0;
  // Always one or two batches ahead of the sensor, which says with the alert at the end of each how far it is.
  while (performance.now() < startMs + pacedSeconds * 1000) {
    file.write([...batch(bench.load), mark(bench)]);
    events += batchSize + 1;
    while (alerts.missing > 1) await sleep(1);
  }
  await alerts.settled(120_000);
  const seconds = (performance.now() - startMs) / 1000;
  console.log(
    `\n== as fast as it goes: ${events} events in ${seconds.toFixed(1)} s = ${Math.round(events / seconds)} events/s (target 20,000)`,
  );
  alerts.takeLatencies();
  using samples = new UsageSamples(sensor.pid);
  const written = await keepPace(bench, pacedSeconds, 20_000 / 1152);
  await alerts.settled(30_000);
  console.log(
    `paced: ${Math.round(written / pacedSeconds)} events/s for ${pacedSeconds} s, ${alerts.missing} alerts missing`,
  );
  console.log("event to alert, ms:", alerts.takeLatencies(), "(target p99 50)");
  console.table(
    Object.fromEntries(Object.entries(samples.report()).map(([what, [average, peak]]) => [what, { average, peak }])),
  );
}

/** Events in the proportions of the reference load, none like another in its process. */
function batch(load: ReferenceLoad): string[] {
  const lines: string[] = [];
  for (let at = 0; at < batchSize; at++) {
    const part = at % 100;
    lines.push(part < 88 ? load.open() : part < 96 ? load.connection() : part < 98 ? load.link() : load.exec());
  }
  return lines;
}

async function stallPhase(bench: Bench): Promise<void> {
  const { alerts, sensor } = bench;
  const before = alerts.total;
  const running = keepPace(bench, 6, 10_000 / 1152);
  await sleep(2000);
  sensor.pause();
  await sleep(1000);
  sensor.resume();
  await running;
  await alerts.settled(30_000);
  console.log(
    `\n== stopped for 1 s at 10,000 events/s: ${alerts.total - before} alerts, ${alerts.missing} missing (target 0), ms:`,
    alerts.takeLatencies(),
  );
}

async function withSensor(
  containers: number,
  learned: number,
  phases: readonly ((bench: Bench) => Promise<void>)[],
): Promise<void> {
  await using folder = await openTempDir("kinglet-bench-sensor-");
  await using fixture = await openSimCluster();
  mkdirSync(join(folder.path, "shared"));
  const loaded = await loadCluster(fixture, containers, learned);
  using file = new RotatedFile(join(folder.path, "shared", "tetragon.log"));
  const alerts = new AlertWatch();
  await using sensor = await ContainedSensor.start({
    folder: folder.path,
    kubeconfig: fixture.kubeconfigPath,
    memory: values.memory,
    args: [],
    onAlert: (line) => alerts.alert(line),
  });
  const bench = { file, load: new ReferenceLoad(loaded), sensor, alerts };
  // The first event of each container loads its profile and the rules.
  file.write(Array.from({ length: containers }, () => bench.load.exec()));
  await sleep(3000);
  for (const phase of phases) await phase(bench);
}

console.log(
  `${cpus()[0]?.model ?? "unknown CPU"}, ${cpus().length} cores, Node ${process.version}; the sensor in a container of ${values.memory}`,
);
console.log("\n# 20 containers: 10 with a completed profile, 10 that are being learned");
await withSensor(20, 5, [referencePhase]);
console.log(`\n# ${values.containers} containers, each with a profile of its own, all rules`);
await withSensor(Number(values.containers), 0, [ratePhase, stallPhase]);
