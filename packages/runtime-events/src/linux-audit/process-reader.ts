import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What the system says of a process that runs. @public */
export interface ProcessState {
  /** Content of `/proc/PID/cgroup`. */
  readonly cgroup: string;
  /** When the process was forked, milliseconds since 1970, exact to about 20. */
  readonly startedAtMs: number;
  readonly parentPid: number;
}

/**
 * Looks at the processes of the node; every answer is about now, while events are about a moment ago.
 *
 * @public
 */
export interface ProcessReader {
  /** @returns undefined when the process is gone. */
  read(pid: number): ProcessState | undefined;
  /** Path of the file it runs; empty when that cannot be told. */
  binaryOf(pid: number): string;
  /** What a descriptor leads to, e.g. a path; empty when that cannot be told. */
  descriptorTarget(pid: number, descriptor: number): string;
  /** All that run. */
  pids(): readonly number[];
}

/** Linux counts in hundredths of a second towards user space, on every machine here. */
const ticksPerMs = 0.1;

/**
 * Reads `/proc`.
 *
 * Synchronous on purpose: the files are made by the kernel while they are read (20 to 30 µs together), and every turn of the event
 * loop in between would let more processes end unseen.
 *
 * @param root - where the node's `/proc` is mounted.
 * @param now - the wall clock, milliseconds since 1970.
 * @internal
 */
export function createProcessReader(root: string, now: () => number): ProcessReader {
  let bootAtMs = 0;
  let bootReadAtMs = Number.NEGATIVE_INFINITY;
  /** By the wall clock as it is set now; steps of the clock are followed within a second. */
  const bootTime = (): number => {
    const nowMs = now();
    if (Math.abs(nowMs - bootReadAtMs) >= 1000) {
      bootAtMs = nowMs - Number.parseFloat(readFileSync(`${root}/uptime`, "latin1")) * 1000;
      bootReadAtMs = nowMs;
    }
    return bootAtMs;
  };
  return {
    read: (pid) => {
      try {
        const cgroup = readFileSync(`${root}/${pid}/cgroup`, "latin1");
        const stat = readFileSync(`${root}/${pid}/stat`, "latin1");
        // The name in brackets may hold anything, brackets too.
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        const startedAtMs = bootTime() + Number(fields[19]) / ticksPerMs;
        return Number.isFinite(startedAtMs) ? { cgroup, startedAtMs, parentPid: Number(fields[1]) } : undefined;
      } catch {
        // Gone, or not ours to see, which is the same to us.
        return undefined;
      }
    },
    binaryOf: (pid) => tryLink(`${root}/${pid}/exe`),
    descriptorTarget: (pid, descriptor) => tryLink(`${root}/${pid}/fd/${descriptor}`),
    pids: () => {
      try {
        return readdirSync(root)
          .map(Number)
          .filter((pid) => Number.isInteger(pid));
      } catch {
        return [];
      }
    },
  };
}

function tryLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
