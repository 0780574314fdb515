import { sleep } from "@kinglet/lifecycle";

/** With a code behind it: end with that. Nobody else has a use for it, so no help names it. */
export const endOption = "--end-with";

/** What the process needs of itself to end. */
export type EndingProcess = Pick<NodeJS.Process, "exit" | "execve" | "execPath" | "getActiveResourcesInfo">;

/** Calls that threads of Node's pool make, which somebody else may hold up for good: of the file system, and for names of hosts. */
const ofThreads = /^(?:FSReq|GetAddrInfo|GetNameInfo)/;

/** How long such calls get when there is no hurry, milliseconds. */
const patienceMs = 500;

/**
 * Ends the process at once, also where a thread does not come back from the system, as from a volume that hangs or a pipe that nobody serves.
 *
 * `process.exit` waits for all threads of the pool, and stops hearing signals before. Where calls are under way this program takes the place of
 * the process instead (same pid, no thread survives that) and ends with the code: a signal to itself would do nothing in a container, whose
 * first process ignores them. What a thread is writing at that moment may be cut short, as by a kill.
 *
 * @param script - the program's script; the executable itself for a single executable.
 *
 * @internal
 */
export function endAtOnce(code: number, process: EndingProcess, script: string): never {
  if (isHeldUp(process)) {
    const rest = [...(script === process.execPath ? [] : [script]), endOption, String(code)];
    try {
      process.execve?.(process.execPath, ["kinglet", ...rest], {});
    } catch {
      // Not permitted here: waited for after all.
    }
  }
  return process.exit(code);
}

/**
 * As {@link endAtOnce}, after calls that are under way got half a second.
 *
 * @internal
 */
export async function endProcess(code: number, process: EndingProcess, script: string): Promise<never> {
  for (let waitedMs = 0; waitedMs < patienceMs && isHeldUp(process); waitedMs += 10) {
    await sleep(10);
  }
  return endAtOnce(code, process, script);
}

function isHeldUp(process: EndingProcess): boolean {
  return process.getActiveResourcesInfo().some((name) => ofThreads.test(name));
}
