// One informer of pods under a steady stream of events. argv: server, CA file, seconds. Prints one line of JSON.
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { createInformer, createKubeClient, pods, type KubeObject } from "@kinglet/kube-client";
import { SYNC_PATHS } from "../sync/sync-paths.ts";

interface LabelledPod extends KubeObject {
  readonly metadata: KubeObject["metadata"] & { readonly labels?: Readonly<Record<string, string>> };
}

async function main(): Promise<void> {
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
  // What was only needed to start is collected, compiled code and all, within half a minute.
  await delay(30_000);
  delays.fill(0);
  events = 0;
  const cpu = process.cpuUsage();
  const started = process.hrtime.bigint();
  /** Seven times, the last at the end. */
  const samples: { readonly minute: number; readonly mb: number }[] = [];
  const sample = (): void => {
    samples.push({ minute: Number(process.hrtime.bigint() - started) / 6e10, mb: heapMb() });
  };
  sample();
  for (let part = 0; part < 6; part++) {
    await delay((Number(seconds) * 1000) / 6);
    sample();
  }
  const tookS = Number(process.hrtime.bigint() - started) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  const percentile = (share: number): number => {
    let left = events * share;
    const at = delays.findIndex((count) => (left -= count) <= 0);
    return 1.02 ** at / 1000;
  };
  /** Least squares: what the heap grows by in a minute. */
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const minutes = samples.map(({ minute }) => minute);
  const heap = samples.map(({ mb }) => mb);
  const slopeMbPerMinute =
    mean(samples.map(({ minute, mb }) => (minute - mean(minutes)) * (mb - mean(heap)))) /
    mean(minutes.map((minute) => (minute - mean(minutes)) ** 2));
  process.stdout.write(
    `${JSON.stringify({ perSecond: events / tookS, cpuPercent: (user + system) / 10_000 / tookS, heapMb: heap, slopeMbPerMinute, p50Ms: percentile(0.5), p99Ms: percentile(0.99) })}\n`,
    () => process.exit(0),
  );
}

void main();
