import { describe, expect, it } from "vitest";
import { renderTally, shortfalls, tally, type VitestReport } from "./tally.ts";

const report = (tests: readonly [string, string][], status = "passed"): VitestReport => ({
  testResults: [
    { name: "a.test.ts", status, assertionResults: tests.map(([fullName, s]) => ({ fullName, status: s })) },
  ],
});

describe("tally", () => {
  it("adds up passed, failed and skipped over several reports", () => {
    const sum = tally([
      report(
        [
          ["one", "passed"],
          ["two", "failed"],
        ],
        "failed",
      ),
      report([["three", "pending"]]),
    ]);
    expect([sum.passed, sum.failed, sum.skipped]).toEqual([1, 1, 1]);
    expect(renderTally(sum, []).trimEnd().split("\n").at(-1)).toBe("1 passed, 1 failed, 1 skipped");
  });

  it("counts a file that could not be collected as a failure", () => {
    expect(tally([report([], "failed")]).failed).toBe(1);
  });
});

describe("shortfalls", () => {
  it("reports a run without a single test", () => {
    expect(shortfalls(tally([]), [])).toEqual(["no test ran"]);
  });

  it("reports a required suite that is missing or skipped tests", () => {
    const sum = tally([
      report([
        ["a [requires image] builds", "pending"],
        ["b [requires kernel]", "passed"],
      ]),
    ]);
    expect(shortfalls(sum, ["image", "kernel", "real-cluster"])).toEqual([
      "required suite 'image' did not run",
      "required suite 'real-cluster' did not run",
    ]);
  });
});

describe("renderTally", () => {
  it("lists skips by reason with their count", () => {
    const sum = tally([
      report([
        ["x [skipped: no Go] a", "pending"],
        ["x [skipped: no Go] b", "pending"],
      ]),
    ]);
    expect(renderTally(sum, [])).toContain("skipped 2: no Go");
  });
});
