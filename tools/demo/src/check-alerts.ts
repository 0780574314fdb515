import { createError } from "@kinglet/errors";
import { demoErrors } from "./errors.ts";
import type { RecordedExecution } from "./recorded-executions.ts";

/** What the demo compares of an alert. @internal */
export interface SeenAlert {
  readonly ruleId?: string;
  readonly workloadName: string;
  readonly process: { readonly binary: string; readonly execId: string };
}

/** Objects to executions that the profile does not list; other rules object to more of the recording, whatever the profiles permit. */
const profileRule = "R0001";

/** How many of the alerts are about executions that a profile does not list. @internal */
export function countProfileAlerts(seen: readonly SeenAlert[]): number {
  return seen.filter(({ ruleId = profileRule }) => ruleId === profileRule).length;
}

/**
 * Compares the alerts that came with those that must come, execution by execution.
 *
 * @returns one line per difference; empty when there is none.
 *
 * @internal
 */
export function alertProblems(expected: readonly RecordedExecution[], seen: readonly SeenAlert[]): string[] {
  const open = new Map(expected.map((execution) => [execution.execId, execution]));
  const known = new Set(open.keys());
  const problems: string[] = [];
  for (const { ruleId = profileRule, workloadName, process } of seen) {
    if (ruleId !== profileRule) continue;
    if (open.delete(process.execId)) continue;
    const what = known.has(process.execId) ? "came twice" : "was not expected";
    problems.push(`the alert about ${process.binary} in ${workloadName} ${what}`);
  }
  for (const { binary, container, line } of open.values()) {
    problems.push(`no alert came about ${binary} in the container recorded as ${container.name} (line ${line + 1})`);
  }
  return problems;
}

/** @throws KINGLET_ERR_DEMO_ALERTS naming the first differences. @internal */
export function requireAlerts(expected: readonly RecordedExecution[], seen: readonly SeenAlert[]): void {
  const problems = alertProblems(expected, seen);
  if (problems.length === 0) return;
  const more = problems.length > 3 ? `, and ${problems.length - 3} more` : "";
  throw createError(demoErrors, "KINGLET_ERR_DEMO_ALERTS", { problem: `${problems.slice(0, 3).join("; ")}${more}` });
}
