import { readFile, writeFile } from "node:fs/promises";

/** What one applet costs; bytes unless the name says otherwise. */
export interface Measurement {
  readonly heapUsed: number;
  readonly heapUsedAndExternal: number;
  /** Of the single executable, which has its code caches and what the prelude loads besides; 0 when there is none on this system. */
  readonly shippedHeapUsed: number;
  readonly shippedHeapUsedAndExternal: number;
  readonly modules: number;
  readonly timers: number;
  readonly sockets: number;
  readonly bundleBytes: number;
  /** Without an inspector; 0 when it was not measured (no single executable on this system). */
  readonly anonymousRss: number;
}

/** The file `budget.json` beside an applet. */
export interface Budget {
  readonly applet: string;
  /** Fixed limits of the design; never raised by the tool. */
  readonly limits: Partial<Record<keyof Measurement | "rss" | "anonymousRssAtWork", number>>;
  /** What the last ratchet measured. */
  readonly budget: Measurement;
  /** Identifiers that must not be in the bundle's static closure. */
  readonly mustNotContain: readonly string[];
}

/** How much a figure may exceed its budget before the gate fails; figures without an entry may not grow at all. */
export const tolerances: Partial<Record<keyof Measurement, number>> = {
  heapUsed: 0.01,
  heapUsedAndExternal: 0.01,
  shippedHeapUsed: 0.01,
  shippedHeapUsedAndExternal: 0.01,
  bundleBytes: 0.01,
  anonymousRss: 0.05,
};

/** One figure over its budget or its limit. */
export interface Excess {
  readonly figure: keyof Measurement;
  readonly measured: number;
  readonly allowed: number;
  readonly by: "budget" | "limit";
}

/** Compares a measurement with the budget and with the fixed limits; empty when both hold. */
export function excesses(measured: Measurement, budget: Budget): readonly Excess[] {
  const found: Excess[] = [];
  for (const figure of Object.keys(measured) as (keyof Measurement)[]) {
    const value = measured[figure];
    const allowed = Math.floor(budget.budget[figure] * (1 + (tolerances[figure] ?? 0)));
    if (value > allowed) found.push({ figure, measured: value, allowed, by: "budget" });
    const limit = budget.limits[figure];
    if (limit !== undefined && value > limit) found.push({ figure, measured: value, allowed: limit, by: "limit" });
  }
  return found;
}

/** The budget after a ratchet: each figure the smaller one of what was allowed and what was measured. */
export function ratchet(budget: Budget, measured: Measurement): Budget {
  const next: Record<string, number> = {};
  for (const figure of Object.keys(budget.budget) as (keyof Measurement)[]) {
    const value = measured[figure];
    const isUnmeasured = value === 0 && (figure === "anonymousRss" || figure.startsWith("shipped"));
    next[figure] = isUnmeasured ? budget.budget[figure] : Math.min(budget.budget[figure], value);
  }
  return { ...budget, budget: next as unknown as Measurement };
}

/** Reads `budget.json`. */
export async function readBudget(path: string): Promise<Budget> {
  return JSON.parse(await readFile(path, "utf8")) as Budget;
}

/** Writes `budget.json`. */
export async function writeBudget(path: string, budget: Budget): Promise<void> {
  await writeFile(path, `${JSON.stringify(budget, null, 2)}\n`);
}
