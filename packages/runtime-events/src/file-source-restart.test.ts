import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ExportFolder, execLine } from "../test/export-folder-fixture.ts";
import { recordingLogger, startSource } from "../test/source-run.ts";

describe("TetragonFileSource and its checkpoint", () => {
  describe("after a restart", () => {
    it("begins at the first event that was not acknowledged", async () => {
      using folder = new ExportFolder();
      folder.write(execLine(1), execLine(2), execLine(3), execLine(4));
      const first = await startSource(pathsOf(folder));
      await first.untilDelivered(4);
      for (const sequence of [4, 1, 2]) first.source.acknowledge(sequence);
      await first.source.checkpoint();
      await first.kill();
      const second = await startSource(pathsOf(folder));
      await second.untilDelivered(2);
      expect(second.ids).toEqual(["e3", "e4"]);
      await second.stop();
    });

    it("makes up for several rotations, compressed ones too", async () => {
      using folder = new ExportFolder();
      folder.write(execLine(1), execLine(2));
      const first = await startSource(pathsOf(folder), (event, source) => {
        if (event.pid === 1) source.acknowledge(event.sequence);
      });
      await first.untilDelivered(2);
      await first.stop();
      for (let n = 3; n <= 7; n++) {
        folder.rotate({ gzip: n < 6 });
        folder.write(execLine(n));
      }
      const second = await startSource(pathsOf(folder));
      await second.untilDelivered(6);
      expect(second.ids).toEqual(["e2", "e3", "e4", "e5", "e6", "e7"]);
      await second.stop();
    });

    it("reads what is left when its file is gone, and says that it was blind", async () => {
      using folder = new ExportFolder();
      folder.write(execLine(1));
      const first = await startSource(pathsOf(folder));
      await first.untilDelivered(1);
      await first.stop();
      await new Promise((resolve) => setTimeout(resolve, 20));
      const lost = folder.rotate();
      folder.write(execLine(2));
      folder.rotate();
      folder.write(execLine(3));
      rmSync(lost);
      const second = await startSource(pathsOf(folder));
      await second.untilDelivered(2);
      expect(second.ids).toEqual(["e2", "e3"]);
      expect(second.source.health().blindIntervals).toHaveLength(1);
      await second.stop();
    });

    it("does not repeat an alert that was confirmed while something before it is open", async () => {
      using folder = new ExportFolder();
      folder.write(execLine(1), execLine(2), execLine(3));
      const first = await startSource(pathsOf(folder));
      await first.untilDelivered(3);
      await first.source.confirmAlert(2, "alert-of-e2");
      first.source.acknowledge(2);
      await first.kill();
      const second = await startSource(pathsOf(folder));
      expect(second.source.wasConfirmed("alert-of-e2")).toBe(true);
      expect(second.source.wasConfirmed("alert-of-e3")).toBe(false);
      await second.untilDelivered(3);
      for (const event of second.events) second.source.acknowledge(event.sequence);
      await second.source.checkpoint();
      expect(second.source.wasConfirmed("alert-of-e2")).toBe(false);
      expect(JSON.parse(readFileSync(folder.checkpointPath, "utf8"))).toMatchObject({ version: 1, confirmed: [] });
      await second.stop();
    });

    it("starts as told when the checkpoint is damaged, and says so", async () => {
      // Larger than any of ours, and whole: it must not be read for that.
      const huge = `{"version":1,"savedAtMs":1,"position":null,"confirmed":[]}${" ".repeat(4_194_304)}`;
      const wrong = '{"version":1,"savedAtMs":1,"position":{},"confirmed":[]}';
      for (const text of ["", "{", "[]", '{"version":2}', wrong, huge]) {
        using folder = new ExportFolder();
        folder.write(execLine(1));
        writeFileSync(folder.checkpointPath, text);
        const warnings: string[] = [];
        const run = await startSource({ ...pathsOf(folder), logger: recordingLogger(warnings) });
        await run.untilDelivered(1);
        expect(warnings[0]).toContain(`checkpoint ${folder.checkpointPath} cannot be used`);
        await run.stop();
        expect(JSON.parse(readFileSync(folder.checkpointPath, "utf8"))).toMatchObject({ version: 1 });
      }
    });
  });

  describe("checkpoints", () => {
    it("are written when the mark moves, at most every two seconds, and not at all when idle", async () => {
      using folder = new ExportFolder();
      const run = await startSource(pathsOf(folder), (event, source) => source.acknowledge(event.sequence));
      folder.write(execLine(1));
      await run.untilDelivered(1);
      await run.until("idle", () => run.clock.pendingTimers === 2);
      const before = readFileSync(folder.checkpointPath, "utf8");
      await run.clock.advance(1999);
      expect(readFileSync(folder.checkpointPath, "utf8")).toBe(before);
      await run.clock.advance(1);
      await run.until("written", () => readFileSync(folder.checkpointPath, "utf8") !== before);
      await run.until("idle", () => run.clock.pendingTimers === 1);
      const { mtimeMs } = statSync(folder.checkpointPath);
      await run.clock.advance(600_000);
      expect(statSync(folder.checkpointPath).mtimeMs).toBe(mtimeMs);
      await run.stop();
    });

    it("that cannot be written are coded for the one who asks, and do not stop reading", async () => {
      using folder = new ExportFolder();
      folder.write(execLine(1));
      const warnings: string[] = [];
      const checkpointPath = join(folder.folder, "no", "checkpoint.json");
      const run = await startSource({ path: folder.path, checkpointPath, logger: recordingLogger(warnings) });
      await run.untilDelivered(1);
      await expect(run.source.confirmAlert(1, "a")).rejects.toMatchObject({
        code: "KINGLET_ERR_RUNTIME_EVENTS_CHECKPOINT_UNWRITABLE",
      });
      expect(warnings).toContain(`checkpoint ${checkpointPath} cannot be written: ENOENT`);
      folder.write(execLine(2));
      await run.untilDelivered(2);
      await run.stop();
    });
  });
});

function pathsOf(folder: ExportFolder): { readonly path: string; readonly checkpointPath: string } {
  return { path: folder.path, checkpointPath: folder.checkpointPath };
}
