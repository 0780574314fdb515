import { existsSync } from "node:fs";
import { join } from "node:path";
import { appletScenarios } from "./applet-scenarios.ts";
import { readBudget, writeBudget, ratchet, excesses } from "./budget.ts";
import { measureApplet, measureHolders } from "./measure-budget.ts";
import { renderHolders, renderMeasurement } from "./render-measurement.ts";

/**
 * `pnpm heap-budget [--applet sensor,…] [--write] [--runs N]`: measures the built applets and compares them to their `budget.json`.
 *
 * Exit 1 when a figure is over its budget or over a fixed limit. `--write` lowers budgets to what was measured, never raises them.
 */
const root = join(import.meta.dirname, "../../..");
const args = process.argv.slice(2);
const option = (name: string): string | undefined => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const applets = option("--applet")?.split(",") ?? Object.keys(appletScenarios);
const runs = Number(option("--runs") ?? "3");

let isOver = false;
for (const applet of applets) {
  const file = join(root, "apps/kinglet/src/applets", applet, "budget.json");
  if (!existsSync(file)) throw new Error(`${applet} has no budget: ${file}`);
  const budget = await readBudget(file);
  const measured = await measureApplet({ root, applet, runs });
  const found = excesses(measured.figures, budget);
  process.stdout.write(renderMeasurement(budget, measured, found));
  if (found.length > 0) process.stdout.write(renderHolders(await measureHolders(root, applet)));
  if (args.includes("--write")) await writeBudget(file, ratchet(budget, measured.figures));
  isOver ||= found.length > 0;
}
process.exitCode = isOver ? 1 : 0;
