import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { noopMetrics } from "@kinglet/metrics";
import { describe, expect, it } from "vitest";
import { ExportFolder, execLine } from "../test/export-folder-fixture.ts";
import { startSource } from "../test/source-run.ts";
import { openTetragonFileSource } from "./open-tetragon-file-source.ts";

describe("TetragonFileSource", () => {
  it("delivers what is there and what comes, numbered from 1", async () => {
    using folder = new ExportFolder();
    folder.write(execLine(1), execLine(2));
    const run = await startSource({ path: folder.path });
    await run.untilDelivered(2);
    folder.write(execLine(3));
    await run.untilDelivered(3);
    expect(run.ids).toEqual(["e1", "e2", "e3"]);
    expect(run.events.map((event) => event.sequence)).toEqual([1, 2, 3]);
    expect(run.source.health()).toMatchObject({ connected: true, reason: "", eventsTotal: 3, decodeErrors: 0 });
    await run.stop();
  });

  it("ends when its consumer ends it while it takes an event that it never finishes", async () => {
    using folder = new ExportFolder();
    folder.write(execLine(1));
    const source = await openTetragonFileSource({
      path: folder.path,
      startAt: "checkpoint-or-beginning",
      clock: new ManualClock(),
      logger: noopLogger,
      metrics: noopMetrics,
    });
    const end = new AbortController();
    const deliver = (): Promise<void> => {
      end.abort();
      return new Promise(() => {});
    };
    await source.run({ signal: end.signal, deliver });
    await source[Symbol.asyncDispose]();
    expect(source.health()).toMatchObject({ reason: "stopped", openEvents: 1 });
  });

  it("begins at the end when told so, and passes over the rest of a line that was being written", async () => {
    using folder = new ExportFolder();
    folder.write(execLine(1));
    folder.writePart(execLine(2).slice(0, 40));
    const run = await startSource({ path: folder.path, startAt: "checkpoint-or-end" });
    await run.until("connected", () => run.source.health().connected);
    folder.writePart(`${execLine(2).slice(40)}\n`);
    folder.write(execLine(3));
    await run.untilDelivered(1);
    expect(run.ids).toEqual(["e3"]);
    expect(run.source.health().decodeErrors).toBe(0);
    await run.stop();
  });

  it("is idle between changes: one timer, of five minutes", async () => {
    using folder = new ExportFolder();
    folder.write(execLine(1));
    const run = await startSource({ path: folder.path }, (event, source) => source.acknowledge(event.sequence));
    await run.untilDelivered(1);
    await run.until("waiting", () => run.clock.pendingTimers === 1);
    expect(run.clock.nextTimerInMs).toBe(300_000);
    await run.stop();
    expect(run.clock.pendingTimers).toBe(0);
  });

  it("reads nothing further while the consumer is busy, and ends although it never finishes", async () => {
    using folder = new ExportFolder();
    folder.write(execLine(1), execLine(2), execLine(3));
    let release: () => void = () => {};
    const run = await startSource({ path: folder.path }, (event) =>
      event.pid === 3 ? new Promise<void>(() => {}) : new Promise<void>((resolve) => void (release = resolve)),
    );
    await run.untilDelivered(1);
    await run.clock.advance(10_000);
    expect(run.ids).toEqual(["e1"]);
    release();
    await run.untilDelivered(2);
    release();
    await run.untilDelivered(3);
    await run.stop();
  });

  it("fails when the consumer fails, and a later run goes on behind the event that failed", async () => {
    using folder = new ExportFolder();
    folder.write(execLine(1), execLine(2));
    const run = await startSource({ path: folder.path }, () => Promise.reject(new Error("consumer")));
    await expect(run.finished).rejects.toThrow("consumer");
    const ids: string[] = [];
    const controller = new AbortController();
    const again = run.source.run({ signal: controller.signal, deliver: (event) => void ids.push(event.execId) });
    await expect(run.source.run({ signal: controller.signal, deliver: () => {} })).rejects.toMatchObject({
      code: "KINGLET_ERR_RUNTIME_EVENTS_RUNNING",
    });
    await run.until("e2", () => ids.length === 1);
    controller.abort();
    await again;
    expect(ids).toEqual(["e2"]);
    await run.source[Symbol.asyncDispose]();
  });

  describe("rotation", () => {
    it("finishes the old file and goes on with the new one", async () => {
      using folder = new ExportFolder();
      folder.write(execLine(1));
      const run = await startSource({ path: folder.path });
      await run.untilDelivered(1);
      folder.write(execLine(2));
      folder.rotate();
      folder.write(execLine(3));
      await run.untilDelivered(3);
      folder.rotate();
      folder.write(execLine(4));
      await run.untilDelivered(4);
      expect(run.ids).toEqual(["e1", "e2", "e3", "e4"]);
      await run.stop();
    });

    it("reads every file of several rotations that happened at once", async () => {
      using folder = new ExportFolder();
      folder.write(execLine(1));
      const run = await startSource({ path: folder.path });
      await run.untilDelivered(1);
      for (let n = 2; n <= 6; n++) {
        folder.rotate({ gzip: n % 2 === 0 });
        folder.write(execLine(n));
      }
      await run.untilDelivered(6);
      expect(run.ids).toEqual(["e1", "e2", "e3", "e4", "e5", "e6"]);
      await run.stop();
    });

    it("counts a line cut at the end of a rotated file as partial and never glues it to the next file", async () => {
      using folder = new ExportFolder();
      folder.write(execLine(1));
      folder.writePart(execLine(2).slice(0, 50));
      const run = await startSource({ path: folder.path });
      await run.untilDelivered(1);
      folder.rotate();
      folder.write(execLine(3));
      await run.untilDelivered(2);
      expect(run.ids).toEqual(["e1", "e3"]);
      expect(run.source.health().decodeErrors).toBe(1);
      await run.stop();
    });
  });

  describe("a file that is not what it was", () => {
    it("starts at the beginning when it was truncated in place", async () => {
      using folder = new ExportFolder();
      folder.write(execLine(1), execLine(2));
      const run = await startSource({ path: folder.path });
      await run.untilDelivered(2);
      folder.copyTruncate();
      folder.write(execLine(3));
      await run.untilDelivered(3);
      expect(run.ids).toEqual(["e1", "e2", "e3"]);
      await run.stop();
    });

    it("notices other content of greater length under the same inode", async () => {
      using folder = new ExportFolder();
      folder.write(execLine(1));
      const run = await startSource({ path: folder.path });
      await run.untilDelivered(1);
      writeFileSync(folder.path, `${execLine(2)}\n${execLine(3)}\n`);
      await run.untilDelivered(3);
      expect(run.ids).toEqual(["e1", "e2", "e3"]);
      await run.stop();
    });

    it("goes on when it was replaced, and when it was deleted and came back", async () => {
      using folder = new ExportFolder();
      folder.write(execLine(1));
      const run = await startSource({ path: folder.path });
      await run.untilDelivered(1);
      writeFileSync(join(folder.folder, "other"), `${execLine(2)}\n`);
      renameSync(join(folder.folder, "other"), folder.path);
      await run.untilDelivered(2);
      rmSync(folder.path);
      await run.until("noticed", () => run.source.health().reason.endsWith("is not there"));
      folder.write(execLine(3));
      await run.untilDelivered(3);
      expect(run.ids).toEqual(["e1", "e2", "e3"]);
      await run.stop();
    });

    it("does not repeat what it read when a copy takes its place", async () => {
      using folder = new ExportFolder();
      folder.write(execLine(1));
      const run = await startSource({ path: folder.path });
      await run.untilDelivered(1);
      const copy = join(folder.folder, "copy");
      copyFileSync(folder.path, copy);
      appendFileSync(copy, `${execLine(2)}\n`);
      renameSync(copy, folder.path);
      await run.untilDelivered(2);
      expect(run.ids).toEqual(["e1", "e2"]);
      await run.stop();
    });

    it("waits with a reason for a file, and for its folder", async () => {
      using folder = new ExportFolder();
      const path = join(folder.folder, "var", "log", "tetragon.log");
      const run = await startSource({ path, checkpointPath: folder.checkpointPath, startAt: "checkpoint-or-end" });
      await run.until("waiting", () => run.source.health().reason === `${path} is not there yet`);
      mkdirSync(join(folder.folder, "var"));
      mkdirSync(join(folder.folder, "var", "log"));
      writeFileSync(path, `${execLine(1)}\n`);
      await run.untilDelivered(1);
      await run.stop();
    });

    it("takes a file that appeared while it was down for new", async () => {
      using folder = new ExportFolder();
      const options = {
        path: folder.path,
        checkpointPath: folder.checkpointPath,
        startAt: "checkpoint-or-end",
      } as const;
      const first = await startSource(options);
      await first.until("waiting", () => statSync(folder.checkpointPath, { throwIfNoEntry: false }) !== undefined);
      await first.kill();
      folder.write(execLine(1));
      const second = await startSource(options);
      await second.untilDelivered(1);
      await second.stop();
    });

    it("refuses a folder, and settings out of range", async () => {
      using folder = new ExportFolder();
      await expect(startSource({ path: folder.folder })).rejects.toMatchObject({
        code: "KINGLET_ERR_RUNTIME_EVENTS_NOT_A_FILE",
        message: `event file ${folder.folder} is a directory, not a file`,
      });
      await expect(startSource({ path: folder.path, maxLineBytes: 10 })).rejects.toMatchObject({
        code: "KINGLET_ERR_RUNTIME_EVENTS_OPTION",
        message: "maxLineBytes is 10, allowed is 1024 ... 67108864",
      });
    });

    it("says which right is missing", async () => {
      using folder = new ExportFolder();
      folder.write(execLine(1));
      const loop = join(folder.folder, "loop.log");
      symlinkSync(loop, loop);
      await expect(startSource({ path: loop })).rejects.toMatchObject({
        code: "KINGLET_ERR_RUNTIME_EVENTS_UNREADABLE",
        message: `event file ${loop} cannot be read: ELOOP`,
      });
      if (process.geteuid?.() !== 0) return;
      chmodSync(folder.folder, 0o755);
      chmodSync(folder.path, 0o600);
      process.seteuid?.(65534);
      try {
        await expect(startSource({ path: folder.path })).rejects.toMatchObject({
          code: "KINGLET_ERR_RUNTIME_EVENTS_UNREADABLE",
          message: `event file ${folder.path} cannot be read: EACCES`,
        });
      } finally {
        process.seteuid?.(0);
      }
    });
  });

  describe("lines that are no events", () => {
    it("are counted and passed over, each by its reason", async () => {
      using folder = new ExportFolder();
      folder.write(
        "",
        "  \r",
        "{not json",
        "[]",
        '{"process_connect":{"process":{}},"time":"t"}',
        Buffer.concat([
          Buffer.from('{"process_exec":{"process":{"exec_id":"e1","binary":"/bin/'),
          Buffer.from([0xff, 0xfe]),
          Buffer.from('"}}}'),
        ]),
        execLine(2, { arguments: "x".repeat(3000) }),
        execLine(3),
        `${execLine(4).slice(0, 60)}${execLine(5)}`,
        '{"rate_limit_info":{"number_of_dropped_process_events":"1966"},"node_name":"n","time":"t"}',
      );
      const run = await startSource({ path: folder.path, maxLineBytes: 2048, kinds: ["exec"] });
      await run.untilDelivered(3);
      await run.until("rate limit", () => run.source.health().droppedUpstream > 0);
      expect(run.ids).toEqual(["e1", "e3", "e5"]);
      expect(run.events[0]).toMatchObject({ binary: "/bin/\ufffd\ufffd" });
      expect(run.source.health()).toMatchObject({
        eventsTotal: 4,
        decodeErrors: 4,
        unknownEvents: 1,
        droppedUpstream: 1966,
      });
      // What could not be read may have been an execution.
      expect(run.source.health().blindIntervals.map(({ reason }) => reason)).toEqual([
        "what came could not be read (malformed)",
        "what came could not be read (partial)",
        "Tetragon left out 1966 events (export rate limit)",
        "what came could not be read (too_long)",
      ]);
      await run.stop();
    });

    it("cost bounded memory however long they are", async () => {
      using folder = new ExportFolder();
      folder.write(execLine(1), "x".repeat(40 * 1024 * 1024), execLine(2));
      const before = process.memoryUsage().arrayBuffers;
      const run = await startSource({ path: folder.path });
      await run.untilDelivered(2);
      expect(run.source.health().decodeErrors).toBe(1);
      // A buffer found dead is given back in the background: not always by the end of the collection that found it.
      await run.until("buffers given back", () => {
        globalThis.gc?.();
        return process.memoryUsage().arrayBuffers - before < 2 * 1024 * 1024;
      });
      await run.stop();
    });
  });
});
