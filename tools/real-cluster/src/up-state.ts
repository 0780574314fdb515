import { readFileSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheRoot, type Environment } from "./cache-folder.ts";

/**
 * What `up` leaves for `status` and `down`.
 *
 * @internal
 */
export interface UpState {
  readonly pid: number;
  readonly server: string;
  readonly kubeconfigPath: string;
}

/** @internal */
function upStateFile(env: Environment): string {
  return join(cacheRoot(env), "up.json");
}

/** Replaces the file in one step, so that a reader sees all of it or none. @internal */
export async function writeUpState(env: Environment, state: UpState): Promise<void> {
  const file = upStateFile(env);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.${state.pid}`, `${JSON.stringify(state)}\n`, { mode: 0o600 });
  await rename(`${file}.${state.pid}`, file);
}

/** Removes the file if it is about this process id. @internal */
export async function removeUpState(env: Environment, pid: number): Promise<void> {
  const state = await parseUpState(env);
  if (state?.pid === pid) await rm(upStateFile(env), { force: true });
}

/**
 * The `up` that runs now, or `undefined`. A process that merely has the same id does not count: its command line must be that
 * of this program, where the system shows it.
 *
 * @internal
 */
export async function readUpState(env: Environment): Promise<UpState | undefined> {
  const state = await parseUpState(env);
  return state !== undefined && isOurProgram(state.pid) ? state : undefined;
}

async function parseUpState(env: Environment): Promise<UpState | undefined> {
  try {
    const state = JSON.parse(await readFile(upStateFile(env), "utf8")) as UpState;
    return Number.isSafeInteger(state.pid) && state.pid > 1 ? state : undefined;
  } catch {
    // No file, or one that is not ours: nothing is up as far as we know.
    return undefined;
  }
}

/** @internal */
export function isOurProgram(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    // No such process, or not ours to signal.
    return false;
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("real-cluster");
  } catch {
    // A system without /proc: the id has to do.
    return true;
  }
}
