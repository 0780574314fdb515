// What a remembered execution costs: node --expose-gc --conditions=@kinglet/source bench/memory/process-tree.ts
import { systemClock } from "@kinglet/lifecycle";
import { ExecEvent, ProcessTree } from "../../src/index.ts";

const count = 65_536;
const gc = (globalThis as { gc?: () => void }).gc;
if (gc === undefined) throw new Error("run with --expose-gc");

/** As a decoder gives it: every string is one of its own. */
const execOf = (at: number): ExecEvent => {
  const text = JSON.stringify({
    execId: Buffer.from(`node-1:${1_000_000_000 + at}:${at}`).toString("base64"),
    parentExecId: Buffer.from(`node-1:${1_000_000_000 + (at >> 3)}:${at >> 3}`).toString("base64"),
    binary: `/usr/bin/tool-${at % 200}`,
    args: `-c --number=${at} /data/file`,
    containerIdPrefix: (at % 100).toString(16).padStart(31, "a"),
  });
  return new ExecEvent({ sequence: at, ...(JSON.parse(text) as Partial<ExecEvent>) });
};

gc();
const before = process.memoryUsage().heapUsed;
const tree = new ProcessTree({ clock: systemClock });
for (let at = 0; at < count; at++) tree.executed(execOf(at));
gc();
const used = process.memoryUsage().heapUsed - before;
console.log(`${tree.size} executions: ${(used / 1_048_576).toFixed(1)} MiB, ${Math.round(used / tree.size)} B each`);
const begin = process.hrtime.bigint();
for (let at = 0; at < count; at++)
  tree.ancestorsOf(Buffer.from(`node-1:${1_000_000_000 + at}:${at}`).toString("base64"));
console.log(
  `${Math.round(Number(process.hrtime.bigint() - begin) / count)} ns for the ancestors of one, 5 to 6 of them`,
);
