// What following the file costs a process: node --expose-gc --conditions=@kinglet/source bench/follow.ts
// A child writes lines at a rate as Tetragon does, one write per line; this process reads them and reports its own CPU time.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { openTetragonFileSource } from "../src/index.ts";

const writer = `
const fs = require("node:fs");
const [path, rate, seconds] = process.argv.slice(1);
const fd = fs.openSync(path, "a");
const line = JSON.stringify({ process_exec: { process: { exec_id: "x", pid: 1, binary: "/bin/true", flags: "execve", pad: "y".repeat(2500) } }, time: "t" }) + "\\n";
const begin = Date.now();
let written = 0;
const timer = setInterval(() => {
  const due = Math.min(rate * seconds, Math.floor(((Date.now() - begin) / 1000) * rate));
  for (; written < due; written++) fs.writeSync(fd, line);
  if (written >= rate * seconds) clearInterval(timer);
}, 5);
setTimeout(() => {}, seconds * 1000);`;

for (const [rate, seconds] of [
  [0, 5],
  [50, 5],
  [1000, 5],
  [20_000, 3],
] as const) {
  const folder = mkdtempSync(join(tmpdir(), "kinglet-follow-"));
  const path = join(folder, "tetragon.log");
  const controller = new AbortController();
  let events = 0;
  const source = await openTetragonFileSource({
    path,
    checkpointPath: join(folder, "checkpoint"),
    startAt: "checkpoint-or-beginning",
    clock: systemClock,
    logger: noopLogger,
    metrics: noopMetrics,
  });
  const run = source.run({
    signal: controller.signal,
    deliver: (event) => {
      events += 1;
      source.acknowledge(event.sequence);
    },
  });
  const before = process.cpuUsage();
  const begin = performance.now();
  const child = spawn(process.execPath, ["-e", writer, path, String(rate), String(seconds)]);
  await new Promise((resolve) => child.once("exit", resolve));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const elapsedMs = performance.now() - begin;
  const used = process.cpuUsage(before);
  const cpu = ((used.user + used.system) / 1000 / elapsedMs) * 100;
  console.log(
    `${rate} lines/s: ${events} events in ${(elapsedMs / 1000).toFixed(1)} s, ${cpu.toFixed(1)} % of one CPU`,
  );
  controller.abort();
  await run;
  await source[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
}
