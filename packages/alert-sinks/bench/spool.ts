/**
 * What an alert costs that waits on disk for a receiver that is away, and what one costs that is delivered at once; and the numbers of what was held back.
 * Run: node --conditions=@kinglet/source packages/alert-sinks/bench/spool.ts
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { AppendFile, encodeLine } from "@kinglet/durable-files";
import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";

import { AlertBudget } from "../src/alert-budget.ts";
import { createFanOut } from "../src/exporters/fan-out.ts";
import { HeldBackJournal } from "../src/held-back-journal.ts";
import { createAlert } from "../test/create-alert.ts";
import { ScriptedExporter } from "../test/scripted-exporter.ts";

/** Long enough for several syncs. */
const count = 15_000;
const folder = await mkdtemp(`${tmpdir()}/kinglet-spool-bench-`);
const { signal } = new AbortController();
const report = (what: string, alerts: number, fromMs: number): void => {
  const microseconds = ((systemClock.monotonicMs() - fromMs) * 1000) / alerts;
  process.stdout.write(`${what}: ${microseconds.toFixed(1)} us an alert\n`);
};

for (const state of ["away", "up"] as const) {
  const exporter = new ScriptedExporter(state, 50);
  exporter.state = state;
  const context = { clock: systemClock, logger: noopLogger, metrics: noopMetrics, spool: { folder } };
  const fanOut = createFanOut([{ exporter }], context);
  const stopping = new AbortController();
  const running = fanOut.run({ signal: stopping.signal }).catch(() => {});
  const fromMs = systemClock.monotonicMs();
  for (let id = 0; id < count; id++) await fanOut.publish(createAlert(id), { signal });
  report(`publish with a receiver that is ${state}`, count, fromMs);
  stopping.abort(new Error("done"));
  await running;
}

{
  const file = await AppendFile.open(`${folder}/synced`, 0);
  let syncMs = 0;
  for (let second = 0; second < 20; second++) {
    for (let id = 0; id < 100; id++) await file.append(Buffer.from(encodeLine({ n: id, alert: createAlert(id) })));
    const fromMs = systemClock.monotonicMs();
    await file.sync();
    syncMs += systemClock.monotonicMs() - fromMs;
  }
  await file.close();
  process.stdout.write(
    `sync of 100 alerts, once a second while they wait: ${(syncMs / 20).toFixed(1)} ms in the background\n`,
  );
}

const journal = await HeldBackJournal.open({ path: `${folder}/held-back`, logger: noopLogger, metrics: noopMetrics });
const budget = new AlertBudget({ maxPerWindow: 1 });
journal.follow(() => budget.takeChanges());
const fromMs = systemClock.monotonicMs();
let last: Promise<void> = Promise.resolve();
for (let id = 0; id < 48_000; id++) {
  if (!budget.admit(createAlert(id), 0)) journal.counted(`${id}`.padStart(32, "0"));
  if (id % 50 !== 49) continue;
  // As from a source: some events, then a turn of the loop.
  last = new Promise((resolve) => journal.whenKept(id, () => resolve()));
  await new Promise((resolve) => setImmediate(resolve));
}
await last;
report("held back and on disk, 48,000 at once", 48_000, fromMs);
await rm(folder, { recursive: true });
