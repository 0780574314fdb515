import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findFreePorts } from "./free-ports.ts";
import { Watchdog } from "./watchdog.ts";

describe("Watchdog", () => {
  it("kills what is left and removes the folder when its owner is killed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "watch dog-"));
    const script = `
      import { spawn } from "node:child_process";
      import { Watchdog } from ${JSON.stringify(new URL("watchdog.ts", import.meta.url).href)};
      const watchdog = Watchdog.open(${JSON.stringify(folder)});
      const children = [1, 2, 3].map(() => spawn("sleep", ["600"], { detached: true, stdio: "ignore" }));
      for (const child of children) watchdog.add(child.pid);
      watchdog.remove(children[1].pid);
      console.log(JSON.stringify(children.map((child) => child.pid)));
      setInterval(() => {}, 1000);
    `;
    const owner = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(owner.stdout, "data")) as [Buffer];
    const [first, second, third] = JSON.parse(line.toString()) as [number, number, number];
    try {
      owner.kill("SIGKILL");
      await expect.poll(() => existsSync(folder), { timeout: 10_000 }).toBe(false);
      await expect.poll(() => [first, third].filter(isAlive), { timeout: 10_000 }).toEqual([]);
      expect(isAlive(second)).toBe(true);
    } finally {
      process.kill(second, "SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("does nothing when it is disposed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "watch dog-"));
    const child = spawn("sleep", ["600"], { stdio: "ignore" });
    try {
      const watchdog = Watchdog.open(folder);
      watchdog.add(child.pid ?? 0);
      await watchdog[Symbol.asyncDispose]();
      await watchdog[Symbol.asyncDispose]();
      expect(child.exitCode).toBeNull();
      expect(existsSync(folder)).toBe(true);
    } finally {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true });
    }
  });
});

describe("findFreePorts", () => {
  it("gives distinct ports below the range of outgoing connections", async () => {
    const ports = await findFreePorts(8);
    expect(new Set(ports).size).toBe(8);
    expect(ports.every((port) => port >= 15_000 && port < 32_000)).toBe(true);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A killed orphan stays a zombie where nothing reaps it (a container without an init): it does not run any more.
    return !/^\d+ \(.*\) Z/su.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
