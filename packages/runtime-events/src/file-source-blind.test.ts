import { chmodSync, rmSync } from "node:fs";
import { createMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { ExportFolder, execLine } from "../test/export-folder-fixture.ts";
import { recordingLogger, startSource, type SourceRun } from "../test/source-run.ts";

const intervalsOf = (run: SourceRun) => run.source.health().blindIntervals;
const id = "ab".repeat(32);
const throttled = (type: string, time: string): string =>
  JSON.stringify({ process_throttle: { type, cgroup: `cri-containerd-${id}.scope` }, node_name: "n", time });

describe("TetragonFileSource and what it cannot see", () => {
  it("is blind from its start until there is a file [events blind]", async () => {
    using folder = new ExportFolder();
    const run = await startSource({ path: folder.path });
    await run.until("waiting", () => run.source.health().reason.includes("is not there yet"));
    const fromMs = run.clock.now();
    expect(intervalsOf(run)).toEqual([{ fromMs, untilMs: undefined, reason: `${folder.path} is not there yet` }]);
    await run.clock.advance(60_000);
    folder.write(execLine(1));
    await run.untilDelivered(1);
    expect(intervalsOf(run)).toMatchObject([{ fromMs, untilMs: run.clock.now() }]);
    await run.stop();
  });

  it("is blind since the process before it ended when there has been no file since then [events blind]", async () => {
    using folder = new ExportFolder();
    const paths = { path: folder.path, checkpointPath: folder.checkpointPath };
    const first = await startSource(paths);
    await first.until("waiting", () => first.source.health().reason.includes("not there"));
    const savedAtMs = first.clock.now();
    await first.stop();
    const second = await startSource(paths);
    await second.clock.advance(3_600_000);
    await second.until("waiting", () => second.source.health().reason.includes("not there"));
    expect(intervalsOf(second)).toMatchObject([{ fromMs: savedAtMs, untilMs: undefined }]);
    await second.stop();
  });

  it("tells since when it misses nothing unnoticed [events blind]", async () => {
    using folder = new ExportFolder();
    const paths = { path: folder.path, checkpointPath: folder.checkpointPath, startAt: "checkpoint-or-end" } as const;
    const first = await startSource(paths);
    expect(first.source.health().watchingSinceMs).toBeUndefined();
    await first.until("waiting", () => first.source.health().reason.includes("not there"));
    const sinceMs = first.clock.now();
    await first.clock.advance(60_000);
    folder.write(execLine(1));
    await first.untilDelivered(1);
    expect(first.source.health().watchingSinceMs).toBe(sinceMs);
    first.source.acknowledge(1);
    await first.stop();
    const second = await startSource(paths);
    expect(second.source.health().watchingSinceMs).toBe(first.clock.now());
    await second.stop();
    const third = await startSource({ path: folder.path });
    await third.untilDelivered(1);
    expect(third.source.health().watchingSinceMs).toBe(third.clock.now());
    await third.stop();
  });

  it("is blind from when the file vanished until there is one again [events blind]", async () => {
    using folder = new ExportFolder();
    folder.write(execLine(1));
    const run = await startSource({ path: folder.path });
    await run.untilDelivered(1);
    rmSync(folder.path);
    await run.until("noticed", () => intervalsOf(run).length > 0);
    expect(intervalsOf(run)).toMatchObject([{ untilMs: undefined, reason: `${folder.path} is not there` }]);
    folder.write(execLine(2));
    await run.untilDelivered(2);
    expect(intervalsOf(run).every(({ untilMs }) => untilMs !== undefined)).toBe(true);
    await run.stop();
  });

  it("takes a rotation for none, unless the next file does not come [events blind]", async () => {
    using folder = new ExportFolder();
    folder.write(execLine(1));
    const run = await startSource({ path: folder.path });
    await run.untilDelivered(1);
    folder.rotate();
    await run.until("noticed", () => !run.source.health().connected);
    await run.clock.advance(4_999);
    expect(intervalsOf(run)).toEqual([]);
    folder.write(execLine(2));
    await run.untilDelivered(2);
    expect(intervalsOf(run)).toEqual([]);
    folder.rotate();
    await run.until("noticed", () => !run.source.health().connected);
    await run.clock.advance(5_000);
    expect(intervalsOf(run)).toMatchObject([{ untilMs: undefined }]);
    await run.stop();
  });

  it.skipIf(process.geteuid?.() !== 0)(
    "waits, blind, for the right to read a file that comes while it runs [events blind]",
    async () => {
      using folder = new ExportFolder();
      folder.write(execLine(1));
      chmodSync(folder.folder, 0o755);
      chmodSync(folder.path, 0o644);
      const run = await startSource({ path: folder.path });
      await run.untilDelivered(1);
      folder.rotate();
      folder.write(execLine(2));
      chmodSync(folder.path, 0o600);
      process.seteuid?.(65534);
      try {
        await run.until("refused", () => run.source.health().reason.includes("cannot be read: EACCES"));
        expect(run.source.health().connected).toBe(false);
        expect(intervalsOf(run)).toMatchObject([{ untilMs: undefined }]);
        process.seteuid?.(0);
        chmodSync(folder.path, 0o644);
        process.seteuid?.(65534);
        await run.untilDelivered(2);
        expect(intervalsOf(run)).toMatchObject([{ untilMs: run.clock.now() }]);
      } finally {
        process.seteuid?.(0);
      }
      await run.stop();
    },
  );

  it("tells from when to when it may have lost files that went while it was slow [events blind]", async () => {
    using folder = new ExportFolder();
    folder.write(execLine(1), execLine(2));
    let release = (): void => {};
    const warnings: string[] = [];
    const metrics = createMetrics();
    const run = await startSource({ path: folder.path, logger: recordingLogger(warnings), metrics }, (event) =>
      event.pid === 1 ? new Promise<void>((resolve) => void (release = resolve)) : undefined,
    );
    await run.untilDelivered(1);
    const beforeMs = Date.now();
    const gone = [folder.rotate()];
    folder.write(execLine(3));
    gone.push(folder.rotate());
    await new Promise((resolve) => setTimeout(resolve, 20));
    folder.write(execLine(4));
    for (const path of gone) rmSync(path);
    release();
    await run.untilDelivered(3);
    expect(run.ids).toEqual(["e1", "e2", "e4"]);
    const reason = "the file that was being read was rotated away before it was read to its end";
    expect(intervalsOf(run)).toMatchObject([{ reason }]);
    const [{ fromMs, untilMs } = { fromMs: 0, untilMs: 0 }] = intervalsOf(run);
    expect(fromMs).toBeLessThanOrEqual(beforeMs);
    expect(fromMs).toBeGreaterThan(beforeMs - 10_000);
    expect(untilMs).toBeGreaterThan(fromMs);
    expect(untilMs).toBeLessThan(Date.now() + 1_000);
    expect(warnings).toContain(reason);
    expect((await metrics.exposition()).text).toContain('kinglet_runtime_events_file_changes_total{change="lost"} 1');
    await run.stop();
  });

  it("is blind for what may have been written before the file was truncated [events blind]", async () => {
    using folder = new ExportFolder();
    folder.write(execLine(1));
    const run = await startSource({ path: folder.path });
    await run.untilDelivered(1);
    const fromMs = run.clock.now();
    folder.copyTruncate();
    folder.write(execLine(2, { arguments: "x" }));
    await run.untilDelivered(2);
    expect(intervalsOf(run)).toMatchObject([{ fromMs, reason: "the file that was being read was truncated" }]);
    await run.stop();
  });

  it("ends a throttled cgroup's time with the agent that was started again without a word [events blind]", async () => {
    using folder = new ExportFolder();
    const run = await startSource({ path: folder.path });
    folder.write(execLine(1), throttled("THROTTLE_START", "2026-01-01T00:00:10Z"));
    await run.until("throttled", () => intervalsOf(run).some(({ containerId }) => containerId === id));
    expect(intervalsOf(run).find(({ containerId }) => containerId === id)?.untilMs).toBeUndefined();
    folder.write(execLine(2, { flags: "procFS auid" }), execLine(3));
    await run.untilDelivered(4);
    const over = intervalsOf(run).find(({ containerId }) => containerId === id);
    expect(over?.fromMs).toBe(Date.UTC(2026, 0, 1, 0, 0, 10));
    expect(over?.untilMs).toBeGreaterThanOrEqual(Date.UTC(2026, 0, 1, 0, 0, 10));
    await run.stop();
  });

  it("reads no further while 65,536 events are not acknowledged, and counts that [events bounds]", async () => {
    using folder = new ExportFolder();
    const count = 65_536;
    for (let at = 0; at < count; at += 8192) {
      folder.write(...Array.from({ length: 8192 }, (_, n) => execLine(at + n)));
    }
    folder.write(execLine(count));
    const metrics = createMetrics();
    const run = await startSource({ path: folder.path, metrics });
    await run.untilDelivered(count);
    await run.clock.advance(10_000);
    expect([run.events.length, run.source.health().openEvents]).toEqual([count, count]);
    run.source.acknowledge(7);
    await run.untilDelivered(count + 1);
    expect((await metrics.exposition()).text).toContain("kinglet_runtime_events_holds_total 2");
    await run.stop();
  });
});
