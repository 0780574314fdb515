import { execFile, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { evictFromPageCache } from "@kinglet-tools/heap-budget/evict-file";
import { residentMemory, startApplet } from "@kinglet-tools/heap-budget/running-applet";
import type { Scenario } from "@kinglet-tools/heap-budget/applet-scenario";
import type { PackagedProgram } from "./packaged-program.ts";

const run = promisify(execFile);

/** How long a sensor that is ready gets to come to rest, milliseconds. */
const restMs = 1_500;

/** Starts in a row that are timed in each round; one more before them fetches what the other programs have displaced. */
const startsPerRound = 3;

/** What the runs of one program gave: memory once a round, times `startsPerRound` times. */
interface Runs {
  readonly anonymous: number[];
  readonly rss: number[];
  /** From spawn to the first output of `--list`, milliseconds. */
  readonly mainMs: number[];
  readonly readyMs: number[];
  /** False when Node warned that V8 refused the code cache. */
  isCacheAccepted: boolean;
}

/** All programs' runs, and the start of the bare Node binary between them. */
export interface Measurements {
  readonly runs: ReadonlyMap<PackagedProgram, Runs>;
  readonly bareNodeMs: readonly number[];
}

/**
 * Starts each program `rounds` times, in turns, so that a slow moment of the machine hits all alike.
 *
 * Every file is evicted from the page cache before the first round; that round is not counted.
 */
export async function measurePrograms(
  programs: readonly PackagedProgram[],
  scenario: Scenario,
  rounds: number,
): Promise<Measurements> {
  const runs = new Map<PackagedProgram, Runs>(
    programs.map((program) => [program, { anonymous: [], rss: [], mainMs: [], readyMs: [], isCacheAccepted: true }]),
  );
  const bareNodeMs: number[] = [];
  for (const { target } of programs) await evictFromPageCache(target);
  for (let round = 0; round <= rounds; round += 1) {
    await timeBareNode();
    for (let index = 0; index < startsPerRound; index += 1) bareNodeMs.push(await timeBareNode());
    for (const [program, row] of runs) {
      await timeToMain(program);
      const starts: number[] = [];
      for (let index = 0; index < startsPerRound; index += 1) starts.push(await timeToMain(program));
      const ready: number[] = [];
      for (let index = 1; index < startsPerRound; index += 1)
        ready.push((await runSensor(program, scenario, 0)).readyMs);
      const idle = await runSensor(program, scenario, restMs);
      if (/cache data rejected/i.test(idle.stderr)) row.isCacheAccepted = false;
      if (round === 0) continue;
      row.mainMs.push(...starts);
      row.readyMs.push(...ready, idle.readyMs);
      row.anonymous.push(idle.anonymous);
      row.rss.push(idle.rss);
    }
  }
  return { runs, bareNodeMs };
}

async function timeBareNode(): Promise<number> {
  const started = performance.now();
  await run(process.execPath, ["-e", "0"]);
  return performance.now() - started;
}

async function runSensor(program: PackagedProgram, scenario: Scenario, rest: number) {
  const start = await scenario.start(program.command, program.target);
  await using applet = await startApplet({ ...start, env: { ...start.env, ...program.env } });
  await delay(rest);
  return { ...(await residentMemory(applet.pid)), readyMs: applet.readyMs, stderr: applet.stderr() };
}

function timeToMain({ command, target, env }: PackagedProgram): Promise<number> {
  return new Promise((resolve, reject) => {
    const [program, ...args] = [...command, target, "--list"];
    const started = performance.now();
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "ignore"] });
    child.on("error", reject);
    child.stdout.once("data", () => resolve(performance.now() - started));
    child.once("exit", (code) => code !== 0 && reject(new Error(`${target} --list ended with ${String(code)}`)));
    child.stdout.resume();
  });
}
