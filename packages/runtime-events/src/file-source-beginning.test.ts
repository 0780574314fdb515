import { rmSync, statSync } from "node:fs";
import { systemClock } from "@kinglet/lifecycle";
import { describe, expect, it } from "vitest";
import { AuditFolder, execRecords, startAuditLog } from "../test/audit-log-fixture.ts";
import { ExportFolder, execLine } from "../test/export-folder-fixture.ts";
import { startSource } from "../test/source-run.ts";

describe("a source without a checkpoint, told to begin at the beginning", () => {
  it("begins with the oldest predecessor that is there", async () => {
    using folder = new ExportFolder();
    folder.write(execLine(1));
    const lost = folder.rotate();
    folder.write(execLine(2), execLine(3));
    const oldest = folder.rotate();
    folder.write(execLine(4));
    folder.rotate({ gzip: true });
    folder.write(execLine(5));
    rmSync(lost);
    const run = await startSource({ path: folder.path, clock: systemClock });
    await run.untilDelivered(4);
    folder.rotate();
    folder.write(execLine(6));
    await run.untilDelivered(5);
    expect(run.ids).toEqual(["e2", "e3", "e4", "e5", "e6"]);
    const { birthtimeNs } = statSync(oldest, { bigint: true });
    expect(run.source.health()).toMatchObject({ watchingSinceMs: Number(birthtimeNs) / 1e6, blindIntervals: [] });
    await run.stop();
  });

  it("begins with its predecessors also while the file itself is not there", async () => {
    using folder = new ExportFolder();
    folder.write(execLine(1));
    folder.rotate({ gzip: true });
    folder.write(execLine(2));
    folder.rotate();
    const run = await startSource({ path: folder.path });
    await run.untilDelivered(2);
    folder.write(execLine(3));
    await run.untilDelivered(3);
    expect(run.ids).toEqual(["e1", "e2", "e3"]);
    await run.stop();
  });

  it("reads no predecessor when told to begin at the end instead", async () => {
    using folder = new ExportFolder();
    folder.write(execLine(1));
    folder.rotate();
    folder.write(execLine(2));
    const run = await startSource({ path: folder.path, startAt: "checkpoint-or-end" });
    await run.until("reading", () => run.source.health().connected);
    folder.write(execLine(3));
    await run.untilDelivered(1);
    expect(run.ids).toEqual(["e3"]);
    await run.stop();
  });

  it("is blind for what the first file may have held before it was truncated", async () => {
    using folder = new ExportFolder();
    folder.write(...Array.from({ length: 200 }, (_, id) => execLine(id, { arguments: "x".repeat(2_000) })));
    const { birthtimeNs } = statSync(folder.path, { bigint: true });
    const busy = Promise.withResolvers<void>();
    const run = await startSource({ path: folder.path, clock: systemClock }, () => busy.promise);
    await run.untilDelivered(1);
    folder.copyTruncate();
    folder.write(execLine(1_000));
    busy.resolve();
    await run.until("read", () => run.ids.includes("e1000"));
    expect(run.ids.length).toBeLessThan(201);
    const fromMs = Number(birthtimeNs) / 1e6;
    const reason = "the file that was being read was truncated";
    expect(run.source.health().blindIntervals).toContainEqual(expect.objectContaining({ fromMs, reason }));
    await run.stop();
  });

  it("holds for auditd's log, whose rotated files have numbers", async () => {
    using folder = new AuditFolder();
    for (const serial of [1, 2, 3]) {
      folder.write(...execRecords({ serial, pid: serial }));
      if (serial < 3) folder.rotate();
    }
    const { birthtimeNs } = statSync(`${folder.path}.2`, { bigint: true });
    const run = await startAuditLog({ path: folder.path, clock: systemClock });
    await run.untilDelivered(3);
    expect(run.events.map(({ pid }) => pid)).toEqual([1, 2, 3]);
    expect(run.source.health()).toMatchObject({ watchingSinceMs: Number(birthtimeNs) / 1e6, blindIntervals: [] });
    await run.stop();
  });
});
