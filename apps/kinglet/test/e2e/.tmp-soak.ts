import { rm, mkdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { openSimCluster, openTempDir, TetragonLineWriter, waitFor } from "@kinglet/testing";
import { InspectedProcess } from "./inspected-process.ts";
import { seededRandom } from "./seeded-random.ts";
import { SensorProcess } from "./sensor-process.ts";
import { addWorkload, executes, nodeName, permitted, prepareShop, profileNameOf, type ShopWorkload } from "./shop.ts";
const mode = process.argv[2] ?? "all";
const secs = Number(process.argv[3] ?? 300);
const namespace = "soak";
const fixture = await openSimCluster();
const folder = await openTempDir("soak ");
await prepareShop(fixture, namespace);
const workloads: ShopWorkload[] = [];
for (let i = 0; i < 40; i++) workloads.push(await addWorkload(fixture, namespace, `app-${i}`));
const events = new TetragonLineWriter(folder.file("tetragon.log"));
await events.write();
const snap = `/tmp/snap-${mode}`;
await rm(snap, { recursive: true, force: true });
await mkdir(snap);
const sensor = await SensorProcess.start({
  folder: folder.path,
  kubeconfig: fixture.kubeconfigPath,
  tetragonFile: events.path,
  args: ["--node-name", nodeName, "--snapshot-dir", snap],
  env: { NODE_OPTIONS: "--inspect=127.0.0.1:0" },
});
await sensor.ready();
const ins = await InspectedProcess.attach(sensor.pid, sensor.stderr());
let on = true;
let written = 0;
let lastRestart = 0;
const want = new Map<string, any>();
const born = new Map<string, number>();
const random = seededRandom(7);
const tasks: Promise<void>[] = [];
const guard = (p: Promise<void>) => tasks.push(p);
if (mode === "all" || mode.includes("events"))
  guard(
    (async () => {
      let since = 0;
      const rot: string[] = [];
      while (on) {
        const lines: string[] = [];
        for (let c = 0; c < 20; c++) {
          const w = workloads[Math.floor(random() * workloads.length)]!;
          const t = performance.now();
          const ok = mode === "eventsok" || random() > 0.01;
          const e = executes(w, ok ? permitted[0]! : "/usr/bin/id", "x".repeat(Math.floor(random() * 300)));
          if (!ok) want.set(e.execId, [w.podName, t, born.get(w.podName) ?? 0, lastRestart]);
          lines.push(e.line);
          written++;
        }
        await events.write(...lines);
        since += 20;
        if (since >= 3000 && mode !== "eventsnorot") {
          since = 0;
          rot.push(await events.rotate());
          if (rot.length > 5) await rm(rot.shift()!);
        }
        await delay(95);
      }
    })(),
  );
if (mode === "all" || mode === "churn")
  guard(
    (async () => {
      for (let c = 0; on; c++) {
        await delay(1000);
        try {
          const n = await addWorkload(fixture, namespace, `next-${c}`);
          const at = c % 40;
          const g = workloads[at]!;
          workloads[at] = n;
          born.set(n.podName, performance.now());
          fixture.sim.remove("pods", namespace, g.podName);
          fixture.sim.remove("containerprofiles.spdx.softwarecomposition.kubescape.io", namespace, profileNameOf(g));
        } catch {}
      }
    })(),
  );
if (mode === "all" || mode === "restart")
  guard(
    (async () => {
      while (on) {
        await delay(25000);
        if (on) {
          lastRestart = performance.now();
          await fixture.sim.restart();
        }
      }
    })(),
  );
const t0 = performance.now();
let snaps = 0;
while (performance.now() - t0 < secs * 1000) {
  await delay(20000);
  const h = await ins.heapAfterGc();
  const a = await ins.anonymousMemory();
  console.log(
    mode,
    Math.round((performance.now() - t0) / 1000),
    "s heap",
    (h / 1048576).toFixed(2),
    "anon",
    (a / 1048576).toFixed(2),
  );
  const el = (performance.now() - t0) / 1000;
  if ((snaps === 0 && el > 90) || (snaps === 1 && el > secs - 25)) {
    snaps++;
    sensor.signal("SIGUSR2");
    await delay(4000);
  }
}
on = false;
await Promise.all(tasks);
await delay(8000);
const m = (await sensor.http("/metrics")).text
  .split("\n")
  .filter(
    (l) =>
      /^kinglet_(sensor|alert|enrich|runtime_events_(total|skipped|unknown|file)|profile)/.test(l) && !l.endsWith(" 0"),
  )
  .join("\n");
console.log("written", written, m);
const got = new Set(sensor.alerts().map((a) => a.process.execId));
for (const [k, v] of want)
  if (!got.has(k))
    console.log(
      "missing",
      v[0],
      "written",
      Math.round(v[1] - t0),
      "age",
      Math.round(v[1] - v[2]),
      "since restart",
      Math.round(v[1] - v[3]),
    );
await sensor.stop();
console.log(sensor.stderr().slice(-3000));
await events.close();
await fixture[Symbol.asyncDispose]();
await folder[Symbol.asyncDispose]();
process.exit(0);
