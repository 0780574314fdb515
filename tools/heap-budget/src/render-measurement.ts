import { appletScenarios } from "./applet-scenarios.ts";
import { tolerances, type Budget, type Excess, type Measurement } from "./budget.ts";
import type { Holder } from "./largest-holders.ts";
import type { AppletMeasurement } from "./measure-budget.ts";

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;

/** The table that a run prints; on an excess, the ten largest modules too. */
export function renderMeasurement(budget: Budget, measured: AppletMeasurement, found: readonly Excess[]): string {
  const rows = (Object.keys(measured.figures) as (keyof Measurement)[]).map((figure) => {
    const show = isBytes(figure) ? megabytes : String;
    const limit = budget.limits[figure];
    const tolerance = tolerances[figure];
    return [
      figure.padEnd(26),
      show(measured.figures[figure]).padStart(10),
      show(budget.budget[figure]).padStart(10),
      (tolerance === undefined ? "" : `+${String(tolerance * 100)} %`).padStart(6),
      (limit === undefined ? "" : show(limit)).padStart(10),
      found.some((row) => row.figure === figure) ? "  OVER" : "",
    ].join(" ");
  });
  const ratio = measured.readyMs / measured.bareNodeMs;
  const lines = [
    `${budget.applet}: ${"measured".padStart(29)} ${"budget".padStart(10)} ${"".padStart(6)} ${"limit".padStart(10)}`,
    ...rows,
    `heapUsed spread ${(measured.heapSpread * 100).toFixed(2)} %`,
    `rss ${megabytes(measured.rss)}, limit ${megabytes(budget.limits.rss ?? Number.NaN)}; ready after ${measured.readyMs.toFixed(0)} ms = ${ratio.toFixed(2)} x bare node (${measured.bareNodeMs.toFixed(0)} ms)`,
  ];
  if (measured.anonymousRssAtWork > 0) {
    lines.push(
      `at work (${appletScenarios[budget.applet]?.work ?? ""}) anonymous ${megabytes(measured.anonymousRssAtWork)}, limit ${megabytes(budget.limits.anonymousRssAtWork ?? Number.NaN)}`,
    );
  }
  if (found.length > 0) {
    lines.push("largest modules that ran:");
    for (const { path, bytes } of measured.largestModules) lines.push(`  ${String(bytes).padStart(8)}  ${path}`);
  }
  return `${lines.join("\n")}\n`;
}

/** What holds the heap, for the message of a broken budget. */
export function renderHolders(holders: readonly Holder[]): string {
  const rows = holders.map(
    ({ name, count, bytes }) => `  ${String(bytes).padStart(8)}  ${String(count).padStart(7)} x  ${name}`,
  );
  return `what holds the heap:\n${rows.join("\n")}\n`;
}

function isBytes(figure: keyof Measurement): boolean {
  return figure !== "modules" && figure !== "timers" && figure !== "sockets";
}
