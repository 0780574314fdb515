import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a container uses at one moment. */
export interface CgroupUsage {
  /** Microseconds of CPU since it started. */
  readonly cpuMicros: number;
  /** Anonymous memory of the container, bytes: what the limit cannot reclaim. */
  readonly anonBytes: number;
  /** Working set of the container, bytes, as `kubectl top` has it: what is charged without pages of files that nothing used lately. */
  readonly workingSetBytes: number;
  /** Resident set of the program, bytes: with the pages of its own file, as node-agent's figures are read. */
  readonly residentBytes: number;
}

/** Reads the usage of the container that process `pid` is in (cgroup v2, or v1 as podman lays it out). */
export function readUsage(pid: number): CgroupUsage {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const residentBytes = Number(/^VmRSS:\s+(\d+)/mu.exec(status)?.[1] ?? 0) * 1024;
  const rows = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
  const unified = rows.find((row) => row.startsWith("0::"))?.slice(3) ?? "";
  const folder = join("/sys/fs/cgroup", unified);
  const memory = rows.find((row) => /:memory:/u.test(row));
  if (memory !== undefined) return readVersion1(rows, residentBytes);
  const stat = readFileSync(join(folder, "memory.stat"), "utf8");
  const cpu = readFileSync(join(folder, "cpu.stat"), "utf8");
  return {
    cpuMicros: Number(/^usage_usec (\d+)/mu.exec(cpu)?.[1]),
    anonBytes: Number(/^anon (\d+)/mu.exec(stat)?.[1]),
    workingSetBytes:
      Number(readFileSync(join(folder, "memory.current"), "utf8")) - Number(/^inactive_file (\d+)/mu.exec(stat)?.[1]),
    residentBytes,
  };
}

function readVersion1(rows: readonly string[], residentBytes: number): CgroupUsage {
  const folderOf = (name: string): string => {
    const row = rows.find((one) => one.split(":")[1]?.split(",").includes(name)) ?? "";
    return join("/sys/fs/cgroup", name, row.split(":").slice(2).join(":"));
  };
  const memory = folderOf("memory");
  const stat = readFileSync(join(memory, "memory.stat"), "utf8");
  return {
    cpuMicros: Number(readFileSync(join(folderOf("cpuacct"), "cpuacct.usage"), "utf8")) / 1000,
    anonBytes: Number(/^rss (\d+)/mu.exec(stat)?.[1]),
    workingSetBytes:
      Number(readFileSync(join(memory, "memory.usage_in_bytes"), "utf8")) -
      Number(/^total_inactive_file (\d+)/mu.exec(stat)?.[1]),
    residentBytes,
  };
}
