import { spawn } from "node:child_process";
import { mkdir, readdir, readFile, readlink, stat, writeFile } from "node:fs/promises";
import { TetragonLineWriter, waitFor } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { addWorkload, executes, prepareShop } from "../e2e/shop.ts";
import { runToEnd } from "./built-program.ts";
import { program, sensorBench } from "./sensor-bench.ts";

const bench = sensorBench();

describe("sensor and signals", () => {
  it("drains and ends with 0 while nobody reads its alerts, and repeats none and loses none afterwards", async () => {
    await prepareShop(bench.fixture, "stalled");
    const cart = await addWorkload(bench.fixture, "stalled", "cart");
    const writer = new TetragonLineWriter(bench.events);
    const wanted: string[] = [];
    for (let index = 0; index < 1500; index += 1) {
      const { line, execId } = executes(cart, `/tmp/dropper-${String(index)}`, "x".repeat(400));
      wanted.push(execId);
      await writer.write(line);
    }
    await writer.close();
    const stalled = await bench.start({ stdout: "unread" });
    await stalled.ready();
    await waitFor(async () => (await stalled.metric("kinglet_alert_sinks_queued_alerts")) > 0, {
      describe: "alerts to queue up",
    });
    // Still answers although nobody reads its alerts.
    expect((await stalled.http("/livez")).status).toBe(200);
    const before = performance.now();
    expect(await stalled.stop()).toBe(0);
    expect(performance.now() - before).toBeLessThan(10_000);
    await waitFor(() => stalled.stdout().length > 0, { describe: "what was in the pipe" });
    const first = stalled.alerts().map((alert) => alert.process.execId);
    await using sensor = await bench.start();
    await sensor.ready();
    await waitFor(
      () => new Set([...first, ...sensor.alerts().map((alert) => alert.process.execId)]).size >= wanted.length,
      {
        describe: () =>
          `all alerts: ${String(first.length)} and ${String(sensor.alerts().length)} of ${String(wanted.length)}`,
        timeoutMs: 30_000,
      },
    );
    const all = [...first, ...sensor.alerts().map((alert) => alert.process.execId)];
    expect(new Set(all)).toEqual(new Set(wanted));
    expect(all.length - wanted.length, "repeated alerts").toBeLessThanOrEqual(1);
  });

  it("goes on where it stalled when the reader comes back", async () => {
    await prepareShop(bench.fixture, "slow");
    const cart = await addWorkload(bench.fixture, "slow", "cart");
    const writer = new TetragonLineWriter(bench.events);
    for (let index = 0; index < 1000; index += 1)
      await writer.write(executes(cart, `/tmp/slow-${String(index)}`, "x".repeat(400)).line);
    await writer.close();
    await using sensor = await bench.start({ stdout: "unread" });
    await sensor.ready();
    await waitFor(async () => (await sensor.metric("kinglet_alert_sinks_queued_alerts")) > 0, {
      describe: "alerts to queue up",
    });
    sensor.readStdout();
    await waitFor(() => sensor.alerts().length >= 1000, {
      describe: () => `${String(sensor.alerts().length)} of 1000 alerts`,
      timeoutMs: 30_000,
    });
    expect(new Set(sensor.alerts().map((alert) => alert.process.execId)).size).toBe(1000);
    expect(sensor.alerts()).toHaveLength(1000);
  });

  it("ends with one line when its reader has gone, and writes what was not taken at the next start", async () => {
    await prepareShop(bench.fixture, "gone");
    const cart = await addWorkload(bench.fixture, "gone", "cart");
    const sensor = await bench.start();
    await sensor.ready();
    sensor.closeStdout();
    const bad = executes(cart, "/usr/bin/id");
    await writeFile(bench.events, `${bad.line}\n`, { flag: "a" });
    expect(await sensor.ended).toBe(1);
    const lines = sensor
      .stderr()
      .split("\n")
      .filter((line) => line.includes("KINGLET_ERR_KINGLET_STDOUT_CLOSED"));
    expect(lines).toHaveLength(1);
    await using again = await bench.start();
    await again.alert((alert) => alert.process.execId === bad.execId, "that was not taken");
  });

  it("ends a pipeline whose reader wants one line: sensor | head -1", async () => {
    await prepareShop(bench.fixture, "head");
    const cart = await addWorkload(bench.fixture, "head", "cart");
    const writer = new TetragonLineWriter(bench.events);
    for (let index = 0; index < 20; index += 1) await writer.write(executes(cart, `/tmp/x-${String(index)}`).line);
    await writer.close();
    const quoted = bench.working("--start-at", "beginning", "--output", "json").map((argument) => `'${argument}'`);
    const command = program.endsWith(".cjs") ? `'${process.execPath}' '${program}'` : `'${program}'`;
    const pipeline = `set -o pipefail; ${command} sensor ${quoted.join(" ")} | head -1`;
    const ended = await runToEnd("/bin/bash", ["-c", pipeline]);
    expect(ended.code).toBe(1);
    expect(ended.stdout.split("\n")).toHaveLength(2);
    expect(JSON.parse(ended.stdout)).toMatchObject({ process: { binary: "/tmp/x-0" } });
    expect(ended.stderr.match(/KINGLET_ERR_KINGLET_STDOUT_CLOSED/g)).toHaveLength(1);
  });

  it("ends at the second signal, with 128 and its number", async () => {
    await prepareShop(bench.fixture, "twice");
    const cart = await addWorkload(bench.fixture, "twice", "cart");
    const writer = new TetragonLineWriter(bench.events);
    for (let index = 0; index < 1500; index += 1)
      await writer.write(executes(cart, `/tmp/x-${String(index)}`, "x".repeat(400)).line);
    await writer.close();
    // Nobody reads the alerts, so that the drain takes its time.
    await using sensor = await bench.start({ stdout: "unread" });
    await sensor.ready();
    await waitFor(async () => (await sensor.metric("kinglet_alert_sinks_queued_alerts")) > 0, {
      describe: "alerts to queue up",
    });
    sensor.signal("SIGTERM");
    await waitFor(() => sensor.stderr().includes('"stopping"'), { describe: "the stop to begin" });
    const before = performance.now();
    expect(await sensor.stop("SIGINT")).toBe(130);
    expect(performance.now() - before).toBeLessThan(2_000);
  });

  it("says that a CSV file takes nothing, and ends with 0 while the write to it hangs", async () => {
    await prepareShop(bench.fixture, "hung");
    const cart = await addWorkload(bench.fixture, "hung", "cart");
    // A terminal whose screen has stopped takes some kilobytes and then holds up who writes, as a volume does that hangs.
    const name = bench.folder.file("name");
    const screen = spawn("script", ["-qfc", `tty > '${name}'; exec sleep 120`, "/dev/null"], { stdio: "ignore" });
    const nameOf = (): Promise<string> => readFile(name, "utf8").catch(() => "");
    await waitFor(async () => (await nameOf()).endsWith("\n"), { describe: "the name of the terminal" });
    screen.kill("SIGSTOP");
    await using sensor = await bench.start({ args: ["--export-csv", (await nameOf()).trim()] });
    await sensor.ready();
    const writer = new TetragonLineWriter(bench.events);
    for (let index = 0; index < 500; index += 1)
      await writer.write(executes(cart, `/tmp/x-${String(index)}`, "x".repeat(300)).line);
    await writer.close();
    await waitFor(async () => (await sensor.metric('kinglet_alert_sinks_exporter_up{sink="csv"}')) === 0, {
      describe: "the exporter to be away",
      timeoutMs: 60_000,
    });
    expect(sensor.alerts()).toHaveLength(500);
    const before = performance.now();
    expect(await sensor.stop()).toBe(0);
    expect(performance.now() - before).toBeLessThan(12_000);
    screen.kill("SIGKILL");
  });

  it("does not open the inspector at SIGUSR1", async () => {
    await using sensor = await bench.start();
    await sensor.ready();
    sensor.signal("SIGUSR1");
    sensor.signal("SIGUSR1");
    expect((await sensor.http("/livez")).status).toBe(200);
    expect(sensor.stderr()).not.toMatch(/Debugger listening|ws:\/\//);
    const listening = await listeningPorts(sensor.pid);
    expect(listening).toHaveLength(2);
    expect(await sensor.stop()).toBe(0);
  });

  it("refuses a heap snapshot at SIGUSR2 without a folder for it, with the reason", async () => {
    await using sensor = await bench.start();
    await sensor.ready();
    sensor.signal("SIGUSR2");
    await waitFor(() => sensor.stderr().includes("KINGLET_ERR_MEMORY_LIMIT_SNAPSHOT_DIR_UNSET"), {
      describe: () => `the reason:\n${sensor.stderr()}`,
    });
    expect((await sensor.http("/livez")).status).toBe(200);
    expect(await sensor.stop()).toBe(0);
  });

  it("writes a heap snapshot at SIGUSR2 that only its user can read", async () => {
    const target = bench.folder.file("snapshots");
    await mkdir(target);
    await using sensor = await bench.start({ args: ["--snapshot-dir", target] });
    await sensor.ready();
    sensor.signal("SIGUSR2");
    await waitFor(() => sensor.stderr().includes("heap snapshot written"), {
      describe: () => `the snapshot:\n${sensor.stderr()}`,
      timeoutMs: 30_000,
    });
    const path = /"path":"([^"]+\.heapsnapshot)"/.exec(sensor.stderr())?.[1] ?? "";
    expect(path.startsWith(target)).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await sensor.stop()).toBe(0);
  });
});

describe("sensor output", () => {
  it("writes nothing but alerts to standard output: every line is one JSON object", async () => {
    await prepareShop(bench.fixture, "pure");
    const cart = await addWorkload(bench.fixture, "pure", "cart");
    await using sensor = await bench.start({ args: ["--log-level", "debug"] });
    await sensor.ready();
    const writer = new TetragonLineWriter(bench.events);
    await writer.write("no json at all", "{}", "", '{"process_new":{}}');
    for (let index = 0; index < 20; index += 1)
      await writer.write(executes(cart, `/tmp/line\nbreak\u001b[2J-${String(index)}`).line);
    await writer.close();
    await waitFor(() => sensor.stdout().split("\n").length > 20, { describe: "20 lines" });
    expect(await sensor.stop()).toBe(0);
    const lines = sensor.stdout().trimEnd().split("\n");
    expect(lines).toHaveLength(20);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ ruleId: "R0001" });
    expect(sensor.stdout()).not.toContain("\u001b");
    for (const line of sensor.stderr().trimEnd().split("\n")) expect(JSON.parse(line)).toHaveProperty("level");
  });
});

/** Ports of TCP on which a process listens. */
async function listeningPorts(pid: number): Promise<readonly string[]> {
  const own = new Set<string>();
  for (const fd of await readdir(`/proc/${String(pid)}/fd`)) {
    const target = await readlink(`/proc/${String(pid)}/fd/${fd}`).catch(() => "");
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) own.add(inode);
  }
  const rows = (await readFile("/proc/net/tcp", "utf8"))
    .trim()
    .split("\n")
    .slice(1)
    .map((row) => row.trim().split(/\s+/));
  return rows.filter((row) => row[3] === "0A" && own.has(row[9] ?? "")).map((row) => row[1] ?? "");
}
