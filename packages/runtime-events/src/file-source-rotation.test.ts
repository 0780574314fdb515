import { describe, expect, it } from "vitest";
import { BeforeFileCall } from "../test/before-file-call.ts";
import { ExportFolder, execLine } from "../test/export-folder-fixture.ts";
import { startSource } from "../test/source-run.ts";

/** What the writer does between two looks of the reader; e5 and e6 are written by it. */
const moments: Readonly<Record<string, (folder: ExportFolder) => void>> = {
  "a rotation": (folder) => {
    folder.rotate();
    folder.write(execLine(5), execLine(6));
  },
  "a rotation of which the new file is not there yet": (folder) => {
    folder.write(execLine(5), execLine(6));
    folder.rotate();
  },
  "a rotation that compresses at once": (folder) => {
    folder.rotate({ gzip: true });
    folder.write(execLine(5), execLine(6));
  },
  "two rotations": (folder) => {
    folder.rotate();
    folder.write(execLine(5));
    folder.rotate();
    folder.write(execLine(6));
  },
  "a longer file in its place": (folder) => {
    folder.rotate();
    folder.write(execLine(5, { arguments: "x".repeat(2000) }), execLine(6));
  },
};

describe("TetragonFileSource between two looks", () => {
  it.each(Object.keys(moments))("reads every line once whenever there is %s after a restart", async (moment) => {
    for (let at = 1, isOver = false; !isOver; at++) {
      using folder = new ExportFolder();
      folder.write(execLine(0));
      folder.rotate();
      folder.write(execLine(1), execLine(2), execLine(3), execLine(4));
      const paths = { path: folder.path, checkpointPath: folder.checkpointPath };
      const first = await startSource(paths);
      await first.untilDelivered(5);
      for (const sequence of [1, 2, 3]) first.source.acknowledge(sequence);
      await first.source.checkpoint();
      await first.kill();
      using calls = new BeforeFileCall(at, () => moments[moment]?.(folder));
      const second = await startSource(paths);
      const isIdle = (): boolean => second.ids.length === 2 && second.clock.pendingTimers > 0;
      await second.until(
        `all at call ${String(at)}`,
        () => second.ids.includes("e6") || (calls.calls < at && isIdle()),
      );
      isOver = calls.calls < at;
      expect(second.ids, `at call ${String(at)}`).toEqual(isOver ? ["e3", "e4"] : ["e3", "e4", "e5", "e6"]);
      expect(second.source.health().blindIntervals).toEqual([]);
      await second.stop();
    }
  });

  it.each(Object.keys(moments))(
    "reads every line once whenever there is %s after a restart when there had been no file",
    async (moment) => {
      for (let at = 1, isOver = false; !isOver; at++) {
        using folder = new ExportFolder();
        const paths = { path: folder.path, checkpointPath: folder.checkpointPath };
        const first = await startSource(paths);
        await first.until("waiting", () => first.source.health().reason.includes("not there"));
        await first.source.checkpoint();
        await first.kill();
        folder.write(execLine(3), execLine(4));
        using calls = new BeforeFileCall(at, () => moments[moment]?.(folder));
        const second = await startSource(paths);
        const isIdle = (): boolean => second.ids.length === 2 && second.clock.pendingTimers > 0;
        await second.until(
          `all at call ${String(at)}`,
          () => second.ids.includes("e6") || (calls.calls < at && isIdle()),
        );
        isOver = calls.calls < at;
        expect(second.ids, `at call ${String(at)}`).toEqual(isOver ? ["e3", "e4"] : ["e3", "e4", "e5", "e6"]);
        await second.stop();
      }
    },
  );

  it.each(Object.keys(moments))(
    "reads every line once whenever there is %s while it follows the file",
    async (moment) => {
      for (let at = 1, isOver = false; !isOver; at++) {
        using folder = new ExportFolder();
        folder.write(execLine(3));
        const run = await startSource({ path: folder.path });
        await run.until("idle", () => run.ids.length === 1 && run.clock.pendingTimers > 0);
        using calls = new BeforeFileCall(at, () => moments[moment]?.(folder));
        folder.write(execLine(4));
        const isIdle = (): boolean => run.ids.length === 2 && run.clock.pendingTimers > 0;
        await run.until(`all at call ${String(at)}`, () => run.ids.includes("e6") || (calls.calls < at && isIdle()));
        isOver = calls.calls < at;
        expect(run.ids, `at call ${String(at)}`).toEqual(isOver ? ["e3", "e4"] : ["e3", "e4", "e5", "e6"]);
        await run.stop();
      }
    },
  );
});
