import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createProcessReader } from "./process-reader.ts";

/** A folder that looks like `/proc`. */
class ProcFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "kinglet-proc-"));

  constructor(uptimeSeconds: number) {
    writeFileSync(join(this.path, "uptime"), `${uptimeSeconds}.25 1000.00\n`);
  }

  add(pid: number, name: string, startTicks: number): void {
    const folder = join(this.path, String(pid));
    mkdirSync(join(folder, "fd"), { recursive: true });
    const fields = Array.from({ length: 50 }, (_, at) => (at === 1 ? 77 : at === 19 ? startTicks : at));
    writeFileSync(join(folder, "stat"), `${pid} (${name}) ${["S", ...fields.slice(1)].join(" ")}\n`);
    writeFileSync(join(folder, "cgroup"), "0::/x\n");
    symlinkSync("/bin/true", join(folder, "exe"));
    symlinkSync("/data", join(folder, "fd/7"));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

describe("createProcessReader", () => {
  it("reads group, start and parent, whatever the process calls itself", () => {
    using folder = new ProcFolder(1000);
    folder.add(5, "a) S 1 (b", 50_000);
    const reader = createProcessReader(folder.path, () => 2_000_000);
    // 1000.25 s after boot it is 2000 s; the process started 500 s after boot.
    expect(reader.read(5)).toEqual({ cgroup: "0::/x\n", startedAtMs: 1_499_750, parentPid: 77 });
    expect([reader.binaryOf(5), reader.descriptorTarget(5, 7)]).toEqual(["/bin/true", "/data"]);
    expect(reader.pids()).toEqual([5]);
  });

  it("says of what is gone or unreadable that it is not there", () => {
    using folder = new ProcFolder(1000);
    folder.add(5, "x", 1);
    writeFileSync(join(folder.path, "5/stat"), "nonsense");
    const reader = createProcessReader(folder.path, () => 0);
    expect([reader.read(5), reader.read(6), reader.binaryOf(6), reader.descriptorTarget(5, 9)]).toEqual([
      undefined,
      undefined,
      "",
      "",
    ]);
    expect(createProcessReader(join(folder.path, "none"), () => 0).pids()).toEqual([]);
  });

  it("knows this process", () => {
    const state = createProcessReader("/proc", () => Date.now()).read(process.pid);
    expect(state?.parentPid).toBe(process.ppid);
    expect(Math.abs((state?.startedAtMs ?? 0) - (Date.now() - process.uptime() * 1000))).toBeLessThan(5000);
  });
});
