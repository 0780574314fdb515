/**
 * How much limit a live heap needs: collections and CPU time at 1.1, 1.3, 1.5 and 2 times the live heap.
 *
 * `node --conditions=@kinglet/source packages/memory-limit/bench/limit-factor.ts [liveMb=40] [seconds=5]`
 *
 * The child holds `liveMb` of small objects and replaces 2 % of them a second, as an idle but connected process does.
 */
import { spawnSync } from "node:child_process";
import { PerformanceObserver } from "node:perf_hooks";
import { fileURLToPath } from "node:url";

const [mode = "40", second = "5"] = process.argv.slice(2);

if (mode === "child") await runChild(Number(process.argv[3]), Number(process.argv[4]));
else runParent(Number(mode), Number(second));

function runParent(liveMb: number, seconds: number): void {
  process.stdout.write("factor  old space MB  major/min  minor/min  pause ms/min  CPU\n");
  for (const factor of [1.1, 1.3, 1.5, 2]) {
    const oldSpace = Math.ceil(liveMb * factor);
    const flags = [`--max-old-space-size=${oldSpace}`, "--max-semi-space-size=2", "--expose-gc"];
    const script = fileURLToPath(import.meta.url);
    const child = spawnSync(process.execPath, [...flags, script, "child", String(liveMb), String(seconds)], {
      encoding: "utf8",
    });
    const result = child.status === 0 ? child.stdout.trim() : `ended with ${child.signal ?? child.status}`;
    process.stdout.write(`${factor.toFixed(1).padEnd(8)}${String(oldSpace).padEnd(14)}${result}\n`);
  }
}

async function runChild(liveMb: number, seconds: number): Promise<void> {
  const counts = { major: 0, minor: 0, pauseMs: 0 };
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as typeof entry & { readonly detail?: { readonly kind?: number } };
      if (detail?.kind === 4) counts.major++;
      else if (detail?.kind === 1) counts.minor++;
      counts.pauseMs += entry.duration;
    }
  });
  const live: object[] = [];
  // One entry of this shape takes about 130 bytes; the loop asks the heap, not the arithmetic.
  while (process.memoryUsage().heapUsed / 1_048_576 < liveMb * 0.98) {
    for (let index = 0; index < 1000; index++) live.push({ key: index, text: `entry ${live.length}`, list: [index] });
    if (live.length % 100_000 === 0) globalThis.gc?.();
  }
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
  observer.observe({ entryTypes: ["gc"] });
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  let next = 0;
  while (performance.now() - startMs < seconds * 1000) {
    for (let index = 0; index < live.length / 500; index++) {
      next = (next + 7919) % live.length;
      live[next] = { key: next, text: `entry ${next} ${index}`, list: [index] };
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await new Promise((resolve) => setImmediate(resolve));
  const cpu = process.cpuUsage(cpuBefore);
  const perMinute = 60 / seconds;
  const millicores = ((cpu.user + cpu.system) / 1000 / (seconds * 1000)) * 1000;
  const columns = [counts.major * perMinute, counts.minor * perMinute, counts.pauseMs * perMinute].map(Math.round);
  process.stdout.write(`${columns.map((value) => String(value).padEnd(11)).join("")}${Math.round(millicores)} m`);
}
