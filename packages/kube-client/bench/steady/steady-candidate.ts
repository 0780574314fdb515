// One informer of pods under a steady stream of events. argv: server, CA file, seconds. Prints one line of JSON.
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { createInformer, createKubeClient, pods, type KubeObject } from "@kinglet/kube-client";
import { SYNC_PATHS } from "../sync/sync-paths.ts";

interface LabelledPod extends KubeObject {
  readonly metadata: KubeObject["metadata"] & { readonly labels?: Readonly<Record<string, string>> };
}

const [server = "", caFile = "", seconds = "60"] = process.argv.slice(2);
const client = createKubeClient({ server, caPem: readFileSync(caFile, "utf8"), origin: "bench" });
const informer = createInformer<LabelledPod>(client, pods, { projection: { paths: [...SYNC_PATHS] } });
/** Counts of delays, microseconds by powers of 1.02, so that a minute of them is no array of numbers. */
const delays = new Uint32Array(1200);
let events = 0;
informer.addHandler({
  onUpdate: ({ metadata }) => {
    const sent = metadata.labels?.["sent"];
    if (sent === undefined) return;
    events++;
    const us = Number(process.hrtime.bigint() - BigInt(sent)) / 1000;
    delays[Math.min(1199, Math.max(0, Math.ceil(Math.log(Math.max(1, us)) / Math.log(1.02))))]!++;
  },
});
void informer.run({ signal: new AbortController().signal });
await informer.waitForSync();
const heapMb = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
};
await delay(10_000);
delays.fill(0);
events = 0;
const cpu = process.cpuUsage();
const started = process.hrtime.bigint();
const first = heapMb();
const half = (Number(seconds) * 1000) / 2;
await delay(half);
const middle = heapMb();
await delay(half);
const last = heapMb();
const tookS = Number(process.hrtime.bigint() - started) / 1e9;
const { user, system } = process.cpuUsage(cpu);
const percentile = (share: number): number => {
  let left = events * share;
  const at = delays.findIndex((count) => (left -= count) <= 0);
  return 1.02 ** at / 1000;
};
process.stdout.write(
  `${JSON.stringify({ perSecond: events / tookS, cpuPercent: (user + system) / 10_000 / tookS, heapMb: [first, middle, last], p50Ms: percentile(0.5), p99Ms: percentile(0.99) })}\n`,
  () => process.exit(0),
);
