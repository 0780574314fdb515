/** The part of vitest's JSON report that is read. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Sum over one or more reports. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Full names of skipped tests; the reason stands in brackets at the end of the suite's name. */
  readonly skippedNames: readonly string[];
  /** Full names of failed tests, and files that could not be collected. */
  readonly failedNames: readonly string[];
  /** How many tests of each `[requires NAME]` suite passed and were skipped. */
  readonly required: ReadonlyMap<string, { readonly passed: number; readonly skipped: number }>;
}

/** Adds up reports. A file that failed without a failing test in it (import error, empty suite) counts as one failure. */
export function tally(reports: readonly VitestReport[]): Tally {
  const skippedNames: string[] = [];
  const failedNames: string[] = [];
  const required = new Map<string, { passed: number; skipped: number }>();
  let passed = 0;
  for (const file of reports.flatMap((report) => report.testResults)) {
    let hasFailedTest = false;
    for (const test of file.assertionResults) {
      const isSkipped = test.status !== "passed" && test.status !== "failed";
      if (test.status === "passed") passed += 1;
      if (test.status === "failed") {
        hasFailedTest = true;
        failedNames.push(test.fullName);
      }
      if (isSkipped) skippedNames.push(test.fullName);
      for (const [, name = ""] of test.fullName.matchAll(/\[requires ([\w-]+)\]/g)) {
        const row = required.get(name) ?? { passed: 0, skipped: 0 };
        if (test.status === "passed") row.passed += 1;
        if (isSkipped) row.skipped += 1;
        required.set(name, row);
      }
    }
    if (file.status === "failed" && !hasFailedTest) failedNames.push(`${file.name}: ${file.message ?? "no test ran"}`);
  }
  return { passed, failed: failedNames.length, skipped: skippedNames.length, skippedNames, failedNames, required };
}

/**
 * What is wrong with a run although no test failed: nothing ran, or a suite that this run requires did not.
 *
 * @param names - the values of `KINGLET_REQUIRE`.
 */
export function shortfalls(sum: Tally, names: readonly string[]): readonly string[] {
  const problems: string[] = [];
  if (sum.passed + sum.failed === 0) problems.push("no test ran");
  for (const name of names) {
    const row = sum.required.get(name);
    if (row === undefined || row.passed === 0) problems.push(`required suite '${name}' did not run`);
    else if (row.skipped > 0) problems.push(`required suite '${name}' skipped ${String(row.skipped)} tests`);
  }
  return problems;
}

/** The lines that close a run: skips by name and count, failures, then the plain closing line. */
export function renderTally(sum: Tally, problems: readonly string[]): string {
  const lines: string[] = [];
  const skips = new Map<string, number>();
  for (const name of sum.skippedNames) {
    const reason = /\[(skipped: [^\]]+)\]/.exec(name)?.[1] ?? name;
    skips.set(reason, (skips.get(reason) ?? 0) + 1);
  }
  for (const [reason, count] of skips) lines.push(`skipped ${String(count)}: ${reason.replace(/^skipped: /, "")}`);
  for (const name of sum.failedNames) lines.push(`failed: ${name}`);
  for (const problem of problems) lines.push(`failed: ${problem}`);
  const failed = sum.failed + problems.length;
  lines.push(`${String(sum.passed)} passed, ${String(failed)} failed, ${String(sum.skipped)} skipped`);
  return `${lines.join("\n")}\n`;
}
