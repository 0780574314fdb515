import { describe, expect, it } from "vitest";
import { HELP, parseCommandLine } from "./command-line.ts";

describe("parseCommandLine", () => {
  it("runs on the simulated cluster and prints text without arguments", () => {
    expect(parseCommandLine([])).toEqual({
      isHelp: false,
      isKept: false,
      output: "text",
      target: "simulated",
      isConfirmed: false,
      installsCrds: false,
      playSeconds: 12,
    });
  });

  it("takes every option, values with or without an equals sign, and skips a separator", () => {
    const line = parseCommandLine([
      "--",
      "--cluster",
      "--yes",
      "--install-crds",
      "--keep",
      "--output=json",
      "--seconds",
      "3",
    ]);
    expect(line).toEqual({
      isHelp: false,
      isKept: true,
      output: "json",
      target: "existing",
      isConfirmed: true,
      installsCrds: true,
      playSeconds: 3,
    });
  });

  it.each([
    [["--frobnicate"], "unknown argument --frobnicate"],
    [["--keep=yes"], "unknown argument --keep=yes"],
    [["extra"], "unknown argument extra"],
    [["--output"], "--output needs a value"],
    [["--output", "xml"], "--output is text or json, not xml"],
    [["--seconds", "0"], "--seconds is a whole number from 1 to 600, not 0"],
    [["--seconds=1e2"], "--seconds is a whole number from 1 to 600, not 1e2"],
    [["--yes"], "--yes goes with --cluster"],
    [["--install-crds"], "--install-crds goes with --cluster"],
  ])("refuses %j", (args, problem) => {
    expect(parseCommandLine(args)).toBe(problem);
  });

  it("explains in its help every option that it takes", () => {
    for (const name of ["--keep", "--output", "--seconds", "--cluster", "--yes", "--install-crds", "--help"]) {
      expect(HELP).toContain(`  ${name} `);
    }
  });
});
