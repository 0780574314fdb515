import { appendFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ExportFolder, execLine } from "../test/export-folder-fixture.ts";
import { startSource, type SourceRun } from "../test/source-run.ts";

const packed = (...ids: readonly number[]): Buffer => gzipSync(ids.map((id) => `${execLine(id)}\n`).join(""));
const archiveOf = ({ folder }: ExportFolder): string => join(folder, "tetragon.log.gz");
/** Nothing is left to read, and a while later nothing was read again. */
const untilIdle = async (run: SourceRun): Promise<void> => {
  await run.until("idle", () => run.source.health().connected && run.clock.pendingTimers > 0);
  await delay(50);
};

describe("TetragonFileSource on a compressed file", () => {
  it("reads it once, however its size compares to what it holds", async () => {
    using folder = new ExportFolder();
    const path = archiveOf(folder);
    const long = "x".repeat(100_000);
    for (const content of [packed(1, 2), gzipSync(`${execLine(1, { arguments: long })}\n${execLine(2)}\n`)]) {
      writeFileSync(path, content);
      const run = await startSource({ path });
      await run.untilDelivered(2);
      await untilIdle(run);
      expect(run.ids).toEqual(["e1", "e2"]);
      expect(run.source.health()).toMatchObject({ connected: true, blindIntervals: [] });
      await run.stop();
    }
  });

  it("goes on after a restart where it was left", async () => {
    using folder = new ExportFolder();
    const paths = { path: archiveOf(folder), checkpointPath: folder.checkpointPath };
    writeFileSync(paths.path, packed(1, 2, 3));
    const first = await startSource(paths);
    await first.untilDelivered(3);
    first.source.acknowledge(1);
    await first.source.checkpoint();
    await first.kill();
    const second = await startSource(paths);
    await second.untilDelivered(2);
    for (const sequence of [1, 2]) second.source.acknowledge(sequence);
    await untilIdle(second);
    await second.stop();
    const third = await startSource(paths);
    await untilIdle(third);
    expect([first.ids, second.ids, third.ids]).toEqual([["e1", "e2", "e3"], ["e2", "e3"], []]);
    expect(third.source.health().blindIntervals).toEqual([]);
    await third.stop();
  });

  it("goes on with the one that takes its place, while it runs and while it does not", async () => {
    using folder = new ExportFolder();
    const paths = { path: archiveOf(folder), checkpointPath: folder.checkpointPath };
    const replace = (...ids: readonly number[]): void => {
      const other = join(folder.folder, "other");
      writeFileSync(other, packed(...ids));
      renameSync(other, paths.path);
    };
    writeFileSync(paths.path, packed(1, 2));
    const first = await startSource(paths, (event, source) => source.acknowledge(event.sequence));
    await first.untilDelivered(2);
    await untilIdle(first);
    replace(3);
    await first.untilDelivered(3);
    await untilIdle(first);
    rmSync(paths.path);
    await first.until("gone", () => !first.source.health().connected);
    replace(4, 5);
    await first.untilDelivered(5);
    await first.stop();
    replace(6, 7, 8);
    const second = await startSource(paths);
    await second.untilDelivered(3);
    await untilIdle(second);
    expect([...first.ids, ...second.ids]).toEqual(["e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8"]);
    await second.stop();
  });

  it("reads what is added to it, and another content under the same inode from its start", async () => {
    using folder = new ExportFolder();
    const path = archiveOf(folder);
    writeFileSync(path, packed(1));
    const run = await startSource({ path });
    await run.untilDelivered(1);
    await untilIdle(run);
    appendFileSync(path, packed(2, 3));
    await run.untilDelivered(3);
    await untilIdle(run);
    const { ino } = statSync(path);
    writeFileSync(path, packed(4, 5));
    await run.until("the other content", () => run.ids.includes("e5"));
    await untilIdle(run);
    expect([run.ids, statSync(path).ino]).toEqual([["e1", "e2", "e3", "e4", "e5"], ino]);
    expect(run.source.health().blindIntervals).not.toEqual([]);
    await run.stop();
  });

  it("begins behind what it holds when told to begin at the end", async () => {
    using folder = new ExportFolder();
    const path = archiveOf(folder);
    writeFileSync(path, packed(...Array.from({ length: 500 }, (_, id) => id)));
    const run = await startSource({ path, startAt: "checkpoint-or-end" });
    await untilIdle(run);
    appendFileSync(path, packed(500));
    await run.untilDelivered(1);
    await untilIdle(run);
    expect(run.ids).toEqual(["e500"]);
    await run.stop();
  });
});
