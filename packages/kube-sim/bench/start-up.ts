/**
 * How long a fresh process takes from importing the package until `openKubeSim()` is ready and the first request is answered, from source
 * and from the built package, and what an idle simulator weighs.
 *
 *   node --conditions=@kinglet/source bench/start-up.ts
 *
 * The built package is `dist` (`tsc -b tsconfig.build.json`, done here). The best of fifteen processes each, by time until ready (other work on the machine only adds),
 * and the median; with the processor time until ready, which other work hardly changes.
 */
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { join } from "node:path";

const RUNS = 15;
const PROGRAM = `
const started = performance.now();
const before = process.cpuUsage();
const { openKubeSim } = await import("@kinglet/kube-sim");
const imported = performance.now();
const sim = await openKubeSim({ tls: process.env.TLS !== "no" });
const ready = performance.now();
const { user, system } = process.cpuUsage();
globalThis.gc();
const { heapUsed, external, rss } = process.memoryUsage();
const { get } = await import(sim.server.startsWith("https:") ? "node:https" : "node:http");
const asked = performance.now();
await new Promise((done, fail) => {
  get(sim.server + "/readyz", { ca: sim.caPem, headers: { authorization: "Bearer " + sim.token } }, (answer) => answer.resume().on("end", done)).on("error", fail);
});
const answered = performance.now();
await sim.stop();
console.log(JSON.stringify([imported - started, ready - started, answered - asked, heapUsed / 1e6, external / 1e6, rss / 1e6, (user + system - before.user - before.system) / 1000]));
`;

function measure(condition: readonly string[]): number[] {
  const rows = Array.from({ length: RUNS }, () => {
    const args = [...condition, "--expose-gc", "--input-type=module", "--eval", PROGRAM];
    const text = execFileSync(process.execPath, args, { cwd: import.meta.dirname, encoding: "utf8" });
    return JSON.parse(text) as number[];
  });
  rows.sort((one, other) => (one[1] ?? 0) - (other[1] ?? 0));
  return [...(rows[0] ?? []), rows[RUNS >> 1]?.[1] ?? 0];
}

function print(name: string, row: readonly number[]): void {
  const [imported = 0, ready = 0, first = 0, heap = 0, external = 0, rss = 0, cpu = 0, median = 0] = row;
  const ms = (value: number): string => `${value.toFixed(0).padStart(4)} ms`;
  console.log(
    `${name.padEnd(8)} imported ${ms(imported)}, ready ${ms(ready)} (median ${ms(median)}, processor ${ms(cpu)}), first request ${ms(first)}; ` +
      `idle heap ${heap.toFixed(1)} MB, external ${external.toFixed(1)} MB, resident ${rss.toFixed(0)} MB`,
  );
}

const root = join(import.meta.dirname, "../../..");
execFileSync(join(root, "node_modules/.bin/tsc"), ["-b", join(import.meta.dirname, "../tsconfig.build.json")]);
console.log(`openKubeSim in a fresh process; Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}`);
print("source", measure(["--conditions=@kinglet/source"]));
print("built", measure([]));
