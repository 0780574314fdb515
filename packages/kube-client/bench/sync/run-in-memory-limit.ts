import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/**
 * Runs a command in a memory cgroup of its own, of either version.
 *
 * @param bytes - the limit; memory beyond it ends the command.
 * @returns what it printed.
 */
export async function runInMemoryLimit(bytes: number, command: readonly string[]): Promise<string> {
  const isV2 = existsSync("/sys/fs/cgroup/cgroup.controllers");
  const group = join(isV2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory", `kinglet-bench-${process.pid}`);
  mkdirSync(group);
  try {
    writeFileSync(join(group, isV2 ? "memory.max" : "memory.limit_in_bytes"), String(bytes));
    // The shell puts itself into the group and becomes the command.
    const script = `echo $$ > ${join(group, "cgroup.procs")} && exec "$@"`;
    const { stdout } = await promisify(execFile)("/bin/sh", ["-c", script, "sh", ...command], { maxBuffer: 1 << 24 });
    return stdout;
  } finally {
    rmdirSync(group);
  }
}
