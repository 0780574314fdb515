import { readFileSync, writeFileSync } from "node:fs";
import * as fc from "fast-check";
import { createMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { AuditFolder, execRecords, FakeProcesses, startAuditLog } from "../../test/audit-log-fixture.ts";
import { openAuditLogSource } from "./open-audit-log-source.ts";

const container = "c".repeat(64);
const exec = (pid: number): string[] => execRecords({ serial: pid, pid });

describe("openAuditLogSource", () => {
  it("delivers what is there and what comes, numbered from 1, with its container", async () => {
    using folder = new AuditFolder();
    const processes = new FakeProcesses();
    processes.add(2, container);
    folder.write(...exec(1), ...exec(2));
    const run = await startAuditLog({ path: folder.path, processes });
    await run.untilDelivered(2);
    folder.write(...exec(3));
    await run.untilDelivered(3);
    expect(run.events.map((event) => [event.sequence, event.pid, event.containerIdPrefix])).toEqual([
      [1, 1, ""],
      [2, 2, container],
      [3, 3, ""],
    ]);
    expect(run.source.health()).toMatchObject({ name: "linux-audit", connected: true, eventsTotal: 3, openEvents: 0 });
    await run.stop();
  });

  it("delivers an event whose end nothing marks after a while, and is idle then: one timer, of five minutes [linux-audit ends]", async () => {
    using folder = new AuditFolder();
    folder.write(...execRecords({ serial: 1, pid: 1, hasTitle: false }));
    const run = await startAuditLog({ path: folder.path });
    await run.until("joining", () => run.clock.nextTimerInMs === 200);
    expect(run.events).toEqual([]);
    await run.clock.advance(200);
    await run.untilDelivered(1);
    await run.until("waiting", () => run.clock.pendingTimers === 1);
    expect(run.clock.nextTimerInMs).toBeGreaterThan(299_000);
    await run.stop();
    expect(run.clock.pendingTimers).toBe(0);
  });

  it("tells a script from its interpreter however long its arguments are [linux-audit programs]", async () => {
    using folder = new AuditFolder();
    const [syscall = "", , ...rest] = execRecords({ serial: 1, pid: 1, file: "/tmp/evil.sh", exe: "/bin/sh" });
    const stamp = "type=EXECVE msg=audit(1767225600.000:1):";
    const pieces = Array.from({ length: 27 }, (_, piece) => ` a2[${piece}]=${"20".repeat(3700)}`);
    // 23 arguments of 99,900 bytes each, in hexadecimal.
    const long = Array.from({ length: 23 }, (_, at) => at + 2).flatMap((index) =>
      pieces.map(
        (text, piece) => `${stamp}${piece === 0 ? ` a${index}_len=199800` : ""}${text.replace("a2", `a${index}`)}`,
      ),
    );
    folder.write(syscall, `${stamp} argc=25 a0="/bin/sh" a1="/tmp/evil.sh"`, ...long, ...rest);
    const run = await startAuditLog({ path: folder.path });
    await run.untilDelivered(1);
    expect(run.events).toMatchObject([{ kind: "exec", binary: "/tmp/evil.sh", isTruncated: true }]);
    // Bounds of memory go by it.
    expect(run.events[0]!.rawBytes).toBeLessThan(270_000);
    await run.stop();
  });

  it("does not take an event as whole while its rest waits for a busy consumer [linux-audit programs]", async () => {
    using folder = new AuditFolder();
    const split = execRecords({ serial: 1, pid: 1, argv: ["/bin/sh", "/tmp/x.sh"], file: "/tmp/x.sh", exe: "/bin/sh" });
    folder.write(...split.slice(0, 2));
    let release = (): void => {};
    const busy = new Promise<void>((resolve) => (release = resolve));
    const run = await startAuditLog({ path: folder.path }, async (event, source) => {
      if (event.pid === 2) await busy;
      source.acknowledge(event.sequence);
    });
    await run.until("joining", () => run.clock.nextTimerInMs === 200);
    folder.write(...exec(2), ...split.slice(2));
    await run.untilDelivered(1);
    await run.clock.advance(300);
    release();
    await run.untilDelivered(2);
    expect(run.events).toMatchObject([{ pid: 2 }, { pid: 1, binary: "/tmp/x.sh" }]);
    await run.stop();
  });

  it("follows auditd's rotation, several at once and in the middle of an event [linux-audit rotation]", async () => {
    using folder = new AuditFolder();
    folder.write(...exec(1));
    const run = await startAuditLog({ path: folder.path });
    await run.untilDelivered(1);
    const split = exec(2);
    folder.write(...split.slice(0, 2));
    folder.rotate();
    folder.write(...split.slice(2), ...exec(3));
    folder.rotate();
    folder.write(...exec(4));
    folder.rotate();
    folder.write(...exec(5));
    await run.untilDelivered(5);
    expect(run.pids).toEqual([1, 2, 3, 4, 5]);
    expect(run.source.health()).toMatchObject({ decodeErrors: 0, blindIntervals: [] });
    await run.stop();
  });

  it("goes on after a restart at the first event that was not acknowledged, also from a file that was rotated since [linux-audit restarts]", async () => {
    using folder = new AuditFolder();
    const { path, checkpointPath } = folder;
    folder.write(...exec(1), ...exec(2), ...exec(3));
    const first = await startAuditLog({ path, checkpointPath }, (event, source) => {
      if (event.pid !== 2) source.acknowledge(event.sequence);
    });
    await first.untilDelivered(3);
    await first.source.confirmAlert(2, "alert-2");
    await first.stop();
    folder.rotate();
    folder.write(...exec(4));
    folder.rotate();
    folder.write(...exec(5));
    const second = await startAuditLog({ path, checkpointPath });
    expect(second.source.wasConfirmed("alert-2")).toBe(true);
    await second.untilDelivered(4);
    expect(second.pids).toEqual([2, 3, 4, 5]);
    await second.stop();
    const third = await startAuditLog({ path, checkpointPath });
    folder.write(...exec(6));
    await third.untilDelivered(1);
    expect(third.pids).toEqual([6]);
    await third.stop();
  });

  it("begins a restart in front of an event that is not whole yet [linux-audit restarts]", async () => {
    using folder = new AuditFolder();
    const { path, checkpointPath } = folder;
    const split = exec(2);
    folder.write(...exec(1), ...split.slice(0, 2));
    const first = await startAuditLog({ path, checkpointPath });
    await first.untilDelivered(1);
    await first.stop();
    folder.write(...split.slice(2));
    const second = await startAuditLog({ path, checkpointPath });
    await second.untilDelivered(1);
    expect(second.events[0]).toMatchObject({ pid: 2, argv: ["ls", "-l"] });
    await second.stop();
  });

  it("says that it is blind when the log was rotated away before it was read", async () => {
    using folder = new AuditFolder();
    const { path, checkpointPath } = folder;
    folder.write(...exec(1));
    const first = await startAuditLog({ path, checkpointPath });
    await first.untilDelivered(1);
    await first.stop();
    for (let round = 2; round < 8; round++) {
      folder.rotate(2);
      folder.write(...exec(round));
    }
    const second = await startAuditLog({ path, checkpointPath });
    await second.until("the last", () => second.pids.at(-1) === 7);
    expect(second.source.health().blindIntervals.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining([expect.stringContaining("rotated away")]),
    );
    await second.stop();
  });

  it("estimates losses by the gaps in the serial numbers [linux-audit losses]", async () => {
    using folder = new AuditFolder();
    folder.write(...exec(1), ...execRecords({ serial: 11, pid: 11, timeMs: 1_767_225_601_000 }));
    const run = await startAuditLog({ path: folder.path });
    await run.untilDelivered(2);
    expect(run.source.health()).toMatchObject({ droppedUpstream: 0, isEstimate: true });
    await run.clock.advance(10_000);
    expect(run.source.health()).toMatchObject({ droppedUpstream: 9, isEstimate: true });
    expect(run.source.health().blindIntervals).toEqual([
      { fromMs: 1_767_225_600_000, untilMs: 1_767_225_601_000, reason: expect.stringContaining("estimate") as string },
    ]);
    await run.stop();
  });

  it("asks the kernel for losses once a minute where it can, and says when auditing is off [linux-audit losses]", async () => {
    using folder = new AuditFolder();
    folder.write(...exec(1));
    let status = "enabled 1\npid 5\nlost 3\n";
    const run = await startAuditLog({ path: folder.path, readStatus: () => Promise.resolve(status) });
    await run.untilDelivered(1);
    await run.until("asked", () => !run.source.health().isEstimate);
    expect(run.source.health()).toMatchObject({ connected: true, droppedUpstream: 0 });
    status = "enabled 0\npid 5\nlost 10\n";
    await run.clock.advance(60_000);
    await run.until("asked again", () => run.source.health().droppedUpstream === 7);
    expect(run.source.health()).toMatchObject({
      connected: false,
      reason: expect.stringContaining("switched off") as string,
    });
    status = "";
    await run.clock.advance(60_000);
    await run.until("no answer", () => run.source.health().isEstimate);
    await run.stop();
  });

  it("holds back while the consumer is busy, and fails when it fails", async () => {
    using folder = new AuditFolder();
    folder.write(...exec(1), ...exec(2));
    let release: () => void = () => {};
    const run = await startAuditLog(
      { path: folder.path },
      () => new Promise<void>((resolve) => void (release = resolve)),
    );
    await run.untilDelivered(1);
    await run.clock.advance(1000);
    expect(run.pids).toEqual([1]);
    release();
    await run.untilDelivered(2);
    await run.stop();
    const failing = await startAuditLog({ path: folder.path }, () => Promise.reject(new Error("consumer")));
    await expect(failing.finished).rejects.toThrow("consumer");
    const late = new AuditFolder();
    late.write(...execRecords({ serial: 1, hasTitle: false }));
    const timed = await startAuditLog({ path: late.path }, () => Promise.reject(new Error("late consumer")));
    await timed.until("joining", () => timed.clock.nextTimerInMs === 200);
    await timed.clock.advance(200);
    await expect(timed.finished).rejects.toThrow("late consumer");
    late[Symbol.dispose]();
  });

  it("passes over what is no record, and counts it", async () => {
    using folder = new AuditFolder();
    folder.write("", "nonsense", `type=X msg=audit(1.000:1): ${"x".repeat(100_000)}`, "\u0000\u00ff", ...exec(1));
    const run = await startAuditLog({ path: folder.path });
    await run.untilDelivered(1);
    expect(run.source.health()).toMatchObject({ decodeErrors: 4, eventsTotal: 1 });
    await run.stop();
  });

  it("survives any bytes [linux-audit hostile]", async () => {
    using folder = new AuditFolder();
    const good = Buffer.from(`${exec(7).join("\n")}\n`);
    const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const bytes = Buffer.from(good);
        for (const [at, byte] of changes) bytes[at] = byte;
        writeFileSync(
          folder.path,
          Buffer.concat([bytes, Buffer.from(`\n${execRecords({ serial: 999, pid: 999 }).join("\n")}\n`)]),
        );
        const run = await startAuditLog({ path: folder.path });
        await run.until("the last event", () => run.pids.includes(999));
        await run.stop();
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  it("shows in metrics what it read, how containers were found, and that it reads", async () => {
    using folder = new AuditFolder();
    const metrics = createMetrics();
    folder.write(
      ...exec(1),
      ...execRecords({ serial: 2, isSuccessful: false }),
      "type=USER_AUTH msg=audit(1.000:3): x=1",
    );
    const run = await startAuditLog({ path: folder.path, metrics }, () => {});
    await run.until("all", () => run.events.length === 1 && run.source.health().position?.readOffset === folder.size);
    const { text } = await metrics.exposition();
    for (const series of [
      'kinglet_linux_audit_records_total{outcome="joined"} 10',
      'kinglet_linux_audit_records_total{outcome="passed_over"} 1',
      'kinglet_linux_audit_events_total{outcome="delivered"} 1',
      'kinglet_linux_audit_events_total{outcome="failed"} 1',
      'kinglet_linux_audit_located_total{by="none"} 1',
      "kinglet_linux_audit_connected 1",
      "kinglet_linux_audit_open_events 1",
    ]) {
      expect(text).toContain(series);
    }
    await run.stop();
  });

  it("refuses settings that cannot be, and a log that is a folder", async () => {
    using folder = new AuditFolder();
    const options = { startAt: "checkpoint-or-end" } as Parameters<typeof openAuditLogSource>[0];
    await expect(openAuditLogSource({ ...options, path: "" })).rejects.toMatchObject({
      code: "KINGLET_ERR_RUNTIME_EVENTS_OPTION",
    });
    await expect(openAuditLogSource({ ...options, path: folder.path, maxProcesses: 1 })).rejects.toMatchObject({
      code: "KINGLET_ERR_RUNTIME_EVENTS_OPTION",
    });
    await expect(startAuditLog({ path: folder.folder })).rejects.toMatchObject({
      code: "KINGLET_ERR_RUNTIME_EVENTS_NOT_A_FILE",
    });
  });

  it("replaces a checkpoint that cannot be used", async () => {
    using folder = new AuditFolder();
    writeFileSync(folder.checkpointPath, "{");
    folder.write(...exec(1));
    const run = await startAuditLog({ path: folder.path, checkpointPath: folder.checkpointPath });
    await run.untilDelivered(1);
    await run.stop();
    expect(JSON.parse(readFileSync(folder.checkpointPath, "utf8"))).toMatchObject({ version: 1 });
  });
});
