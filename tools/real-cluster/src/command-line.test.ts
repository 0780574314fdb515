import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseCommandLine } from "./command-line.ts";
import { runCommand } from "./run-command.ts";

describe("parseCommandLine", () => {
  it("reads commands and repeatable options in both spellings", () => {
    expect(
      parseCommandLine([
        "up",
        "--detach",
        "--apiserver-flag=--min-request-timeout=5",
        "--apiserver-flag",
        "--v=2",
        "--etcd-flag=--log-level=info",
        "--log-dir",
        "logs",
      ]),
    ).toEqual({
      command: "up",
      isDetached: true,
      apiServerFlags: ["--min-request-timeout=5", "--v=2"],
      etcdFlags: ["--log-level=info"],
      logDir: "logs",
    });
    expect(parseCommandLine(["--help"])).toMatchObject({ command: "help" });
  });

  it("says what is wrong", () => {
    expect(parseCommandLine([])).toBe("a command is missing");
    expect(parseCommandLine(["fly"])).toBe("unknown command fly");
    expect(parseCommandLine(["down", "x"])).toBe("down takes no arguments");
    expect(parseCommandLine(["up", "--fast"])).toBe("unknown option --fast");
    expect(parseCommandLine(["up", "--log-dir"])).toBe("--log-dir needs a value");
  });
});

describe("runCommand", () => {
  it("answers help, wrong usage and missing programs with their exit codes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "run command-"));
    const out: string[] = [];
    const problems: string[] = [];
    const run = (...args: string[]): Promise<0 | 1 | 2> =>
      runCommand({
        args,
        env: { XDG_CACHE_HOME: folder },
        signal: new AbortController().signal,
        print: (line) => out.push(line),
        report: (line) => problems.push(line),
      });
    try {
      expect(await run("--help")).toBe(0);
      expect(out.join("\n")).toContain("usage: real-cluster COMMAND");
      expect(await run("fly")).toBe(2);
      expect(await run("path")).toBe(1);
      expect(await run("up")).toBe(1);
      expect(await run("down")).toBe(1);
      expect(problems.filter((line) => line.includes("KINGLET_ERR_REAL_CLUSTER_BINARIES_MISSING"))).toHaveLength(2);
      expect(problems.at(-1)).toContain("KINGLET_ERR_REAL_CLUSTER_NOT_UP");
      out.length = 0;
      expect(await run("status")).toBe(0);
      expect(out).toEqual([expect.stringContaining("programs: none"), "cluster: not running"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
