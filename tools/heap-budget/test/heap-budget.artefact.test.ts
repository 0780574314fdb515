import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { appletScenarios } from "../src/applet-scenarios.ts";
import { excesses, readBudget } from "../src/budget.ts";
import { measureApplet } from "../src/measure-budget.ts";

const root = join(import.meta.dirname, "../../..");
const isMeasurable = existsSync(join(root, "apps/kinglet/dist/kinglet"));
const title = isMeasurable
  ? "memory budget"
  : "memory budget [skipped: budgets are for the single executable on Linux]";

describe.skipIf(!isMeasurable)(title, () => {
  it.each(Object.keys(appletScenarios))("holds for the %s, idle and at work", { timeout: 300_000 }, async (applet) => {
    const budget = await readBudget(join(root, "apps/kinglet/src/applets", applet, "budget.json"));
    const measured = await measureApplet({ root, applet, runs: 3 });
    expect(excesses(measured.figures, budget)).toEqual([]);
    expect(measured.rss).toBeLessThanOrEqual(budget.limits.rss ?? 0);
    expect(measured.anonymousRssAtWork).toBeLessThanOrEqual(budget.limits.anonymousRssAtWork ?? 0);
    // A leader renews its lease while it is measured.
    expect(measured.heapSpread).toBeLessThan(0.01);
  });
});
