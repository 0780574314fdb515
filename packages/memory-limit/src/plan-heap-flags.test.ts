import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { planHeapFlags } from "./plan-heap-flags.ts";

const mi = 1_048_576;
const plan = (
  megabytes: number | undefined,
  options: { applet?: string; env?: Record<string, string>; execArgv?: string[] } = {},
): ReturnType<typeof planHeapFlags> =>
  planHeapFlags(
    { bytes: megabytes === undefined ? undefined : megabytes * mi, source: "test" },
    { applet: "sensor", env: {}, execArgv: [], ...options },
  );

describe("planHeapFlags", () => {
  it("[memory M-2] gives the old space 0.95 of the limit times the share of the applet", () => {
    expect(plan(96)).toMatchObject({
      nodeOptions: "--max-old-space-size=68 --max-semi-space-size=2 --disable-sigusr1",
      reExec: true,
    });
    expect(plan(100, { applet: "admission-controller" }).nodeOptions).toContain("--max-old-space-size=57 ");
    expect(plan(1).nodeOptions).toContain("--max-old-space-size=16 ");
    expect(plan(8192).nodeOptions).toBe("--max-old-space-size=5836 --disable-sigusr1");
  });

  it("[memory M-3] keeps the semi space at 2 to 4 MiB in small profiles", () => {
    const semi = (megabytes: number): string | undefined =>
      /--max-semi-space-size=(\d+)/.exec(plan(megabytes).nodeOptions)?.[1];
    expect([96, 255, 256, 511, 512, 2048].map(semi)).toEqual(["2", "2", "4", "4", "16", undefined]);
  });

  it("[memory M-2] lets a given flag win, wherever it was given", () => {
    for (const flag of ["--max-old-space-size=100", "--max_old_space_size=100", "--max-heap-size=9"]) {
      expect(plan(96, { env: { NODE_OPTIONS: flag } })).toMatchObject({ reExec: false, nodeOptions: flag });
      expect(plan(96, { execArgv: [flag] }).reExec).toBe(false);
    }
    expect(plan(96, { env: { NODE_OPTIONS: "--max-semi-space-size=8" } }).nodeOptions).toBe(
      "--max-semi-space-size=8 --max-old-space-size=68 --disable-sigusr1",
    );
  });

  it("[memory M-2] stays as it is without a limit and in a process that was started anew", () => {
    expect(plan(undefined)).toMatchObject({ reExec: false, nodeOptions: "" });
    expect(plan(96, { env: { KINGLET_HEAP_FLAGS: "set" } }).reExec).toBe(false);
  });
});

describe("reExec", () => {
  it("[memory M-2] makes the flags hold: same pid, arguments and name, heap limit old space + 3 × semi space, once", () => {
    const folder = mkdtempSync(join(tmpdir(), "kinglet-exec-"));
    const program = join(folder, "program.mts");
    const from = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
    writeFileSync(
      program,
      `import { getHeapStatistics } from "node:v8";
       import { planHeapFlags } from ${from("plan-heap-flags.ts")};
       import { reExec } from ${from("re-exec.ts")};
       const plan = planHeapFlags({ bytes: 96 * 1048576, source: "test" }, { applet: "sensor", env: process.env, execArgv: process.execArgv });
       if (plan.reExec) { process.stdout.write(process.pid + "\\n"); reExec(plan, { process, isSingleExecutable: false }); }
       const limit = getHeapStatistics().heap_size_limit / 1048576;
       process.stdout.write(JSON.stringify([process.pid, process.argv0, process.argv.slice(2), limit, plan.reason]));`,
    );
    const { NODE_OPTIONS: _, ...env } = process.env;
    const { stdout } = spawnSync(process.execPath, ["--conditions=@kinglet/source", program, "a b", "--c"], {
      argv0: "sensor",
      env,
      encoding: "utf8",
    });
    const [pid, rest] = stdout.split("\n");
    expect(JSON.parse(rest!)).toEqual([Number(pid), "sensor", ["a b", "--c"], 74, "heap flags were set at the start"]);
    rmSync(folder, { recursive: true });
  });
});
