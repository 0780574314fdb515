import { appendFile, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { ManualClock } from "@kinglet/lifecycle";
import { noopLogger, type Logger } from "@kinglet/logger";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createAlert } from "../../test/create-alert.ts";
import { AlertSpool } from "./alert-spool.ts";

interface Bench extends AsyncDisposable {
  readonly folder: string;
  readonly clock: ManualClock;
  readonly lost: (readonly [string, number])[];
  /** A process begins; the one before it was killed. */
  open(maxBytes?: number, logger?: Logger): AlertSpool;
}

async function openBench(): Promise<Bench> {
  const parent = await mkdtemp(`${tmpdir()}/kinglet-spool-`);
  const folder = `${parent}/spool/syslog`;
  const lost: (readonly [string, number])[] = [];
  const clock = new ManualClock();
  return {
    folder,
    clock,
    lost,
    open: (maxBytes = 1_000_000, logger = noopLogger) =>
      new AlertSpool({
        folder,
        maxBytes,
        clock,
        logger,
        onLost: (reason, count) => void lost.push([reason, count]),
      }),
    [Symbol.asyncDispose]: () => rm(parent, { recursive: true }),
  };
}

const notTaken = (): boolean => false;
const idsOf = (alerts: readonly { readonly alert: { readonly uniqueId: string } }[]): number[] =>
  alerts.map(({ alert }) => Number(alert.uniqueId));

describe("AlertSpool", () => {
  it("gives a later process what was not settled, in order, and nothing else [sinks D-1]", async () => {
    await using bench = await openBench();
    const first = bench.open();
    for (let id = 1; id <= 10; id++) await first.append(createAlert(id), notTaken);
    const read = await first.read(6);
    expect(idsOf(read)).toEqual([1, 2, 3, 4, 5, 6]);
    await first.settle(4, undefined);
    const second = bench.open();
    await second.open();
    expect(second.unread).toBe(6);
    expect(idsOf(await second.read(100))).toEqual([5, 6, 7, 8, 9, 10]);
    expect((await second.read(100)).length).toBe(0);
    expect(bench.lost).toEqual([]);
  });

  it("makes nothing before the first alert, and leaves an empty file when nothing waits [sinks D-5]", async () => {
    await using bench = await openBench();
    const spool = bench.open();
    await spool.open();
    await spool.settle(0, undefined);
    await expect(readdir(bench.folder)).rejects.toThrow("ENOENT");
    for (let id = 1; id <= 500; id++) await spool.append(createAlert(id), () => true);
    await spool.settle(500, undefined);
    const [name, ...others] = await readdir(bench.folder);
    expect(others).toEqual([]);
    const found = await stat(`${bench.folder}/${name ?? ""}`);
    expect([found.size, found.mode & 0o777]).toEqual([0, 0o600]);
    expect(spool.bytes).toBe(0);
  });

  it("syncs what waits within a second, and not what was delivered by then [sinks D-7]", async () => {
    await using bench = await openBench();
    const { clock } = bench;
    const spool = bench.open(65_536);
    await spool.append(createAlert(1), () => true);
    expect(clock.pendingTimers).toBe(1);
    await spool.settle(1, undefined);
    expect(clock.pendingTimers).toBe(0);
    // Over several files, of which those that are full are synced when they are left.
    for (let id = 2; id <= 50; id++) await spool.append(createAlert(id), notTaken);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(1_000);
    expect(clock.pendingTimers).toBe(0);
    await spool.append(createAlert(51), notTaken);
    await spool.close();
    expect(clock.pendingTimers).toBe(0);
    const second = bench.open(65_536);
    await second.open();
    expect(second.unread).toBe(50);
  });

  it("says once that the disk cannot be synced, and when it can again [sinks D-7]", async () => {
    await using bench = await openBench();
    const said: string[] = [];
    const say = (message: string): void => void said.push(message);
    const logger: Logger = { error: say, warn: say, info: say, debug: say, isEnabled: () => true };
    const spool = bench.open(1_000_000, logger);
    await spool.append(createAlert(1), notTaken);
    // Its name cannot be synced: the folder is gone.
    await rename(bench.folder, `${bench.folder}-away`);
    await bench.clock.advance(1_000);
    await expect.poll(() => said).toEqual([expect.stringContaining("may not survive a power cut")]);
    await rename(`${bench.folder}-away`, bench.folder);
    await spool.append(createAlert(2), notTaken);
    await bench.clock.advance(1_000);
    await expect.poll(() => said).toHaveLength(2);
    expect(said[1]).toContain("survive a power cut again");
  });

  it("stays within its bytes: the oldest file gives way, and what it held is counted [sinks D-2]", async () => {
    await using bench = await openBench();
    const spool = bench.open(100_000);
    for (let id = 1; id <= 1_000; id++) {
      await spool.append(createAlert(id), notTaken);
      expect(spool.bytes).toBeLessThanOrEqual(100_000);
    }
    const left = idsOf(await spool.read(1_000));
    expect(left).toEqual(Array.from({ length: left.length }, (_, at) => 1_001 - left.length + at));
    const lost = bench.lost.reduce((total, [, count]) => total + count, 0);
    expect(new Set(bench.lost.map(([reason]) => reason))).toEqual(new Set(["overflow"]));
    expect(lost + left.length).toBe(1_000);
  });

  it("moves a damaged file aside, counts what is gone and goes on with the rest [sinks D-4]", async () => {
    await using bench = await openBench();
    const first = bench.open();
    for (let id = 1; id <= 5; id++) await first.append(createAlert(id), notTaken);
    const [name = ""] = await readdir(bench.folder);
    const text = await readFile(`${bench.folder}/${name}`, "utf8");
    await writeFile(`${bench.folder}/${name}`, text.replace("started 3", "started 8"));
    const second = bench.open();
    expect(idsOf(await second.open().then(() => second.read(10)))).toEqual([1, 2, 4, 5]);
    expect(bench.lost).toEqual([["spool", 1]]);
    expect((await readdir(bench.folder)).toSorted()).toEqual(["0000000001.damaged", "0000000001.spool"]);
    await second.append(createAlert(6), notTaken);
    const third = bench.open();
    await third.open();
    expect(idsOf(await third.read(10))).toEqual([1, 2, 4, 5, 6]);
    expect(bench.lost).toHaveLength(1);
  });

  it("survives files that are no spool at all, and files that disappear [sinks D-4]", async () => {
    await using bench = await openBench();
    const first = bench.open();
    await first.append(createAlert(1), notTaken);
    await writeFile(`${bench.folder}/0000000001.spool`, Buffer.alloc(200_000, 0x0a));
    await writeFile(`${bench.folder}/0000000002.spool`, Buffer.alloc(200_000, 0xff));
    const second = bench.open();
    await second.open();
    expect(second.unread).toBe(0);
    await second.append(createAlert(2), notTaken);
    await second.append(createAlert(3), notTaken);
    const names = await readdir(bench.folder);
    for (const name of names) await rm(`${bench.folder}/${name}`);
    bench.lost.length = 0;
    expect(await second.read(10)).toEqual([]);
    expect(bench.lost).toEqual([["spool", 2]]);
    expect(second.unread).toBe(0);
  });

  it("says that alerts are lost when a power cut left nothing but zeros [sinks D-4]", async () => {
    await using bench = await openBench();
    await bench.open().append(createAlert(1), notTaken);
    await writeFile(`${bench.folder}/0000000001.spool`, Buffer.alloc(900));
    const said: string[] = [];
    const say = (message: string): void => void said.push(message);
    const second = bench.open(1_000_000, { error: say, warn: say, info: say, debug: say, isEnabled: () => true });
    await second.open();
    expect(said).toEqual(["alerts that waited for their receiver cannot be read"]);
    expect(bench.lost).toEqual([["spool", 1]]);
    expect((await readdir(bench.folder)).toSorted()).toEqual(["0000000001.damaged", "0000000001.spool"]);
    await second.append(createAlert(2), notTaken);
    expect(idsOf(await second.read(10))).toEqual([2]);
  });

  it("leaves a record out that was cut off by the kill, and writes the next one after what is whole [sinks D-1]", async () => {
    await using bench = await openBench();
    const first = bench.open();
    await first.append(createAlert(1), notTaken);
    await appendFile(`${bench.folder}/0000000001.spool`, '0badcafe {"n":2,"alert":{"uni');
    const second = bench.open();
    await second.append(createAlert(2), notTaken);
    const third = bench.open();
    await third.open();
    expect(idsOf(await third.read(10))).toEqual([1, 2]);
    expect(bench.lost).toEqual([]);
  });

  it("remembers what the receiver is still to be told [sinks D-6]", async () => {
    await using bench = await openBench();
    const losses = { counts: { overflow: 7 }, firstMs: 1, lastMs: 2 };
    const first = bench.open();
    first.note({ ...losses, counts: { overflow: 3 } });
    first.note(losses);
    await first.append(createAlert(1), () => true);
    await first.settle(1, losses);
    const second = bench.open();
    expect(await second.open()).toEqual(losses);
    await second.settle(1, undefined);
    expect(await bench.open().open()).toBeUndefined();
    expect(second.bytes).toBe(0);
  });

  it("goes on in each new file with what was told and what is still to be told [sinks D-6]", async () => {
    await using bench = await openBench();
    const losses = { counts: { rate_limit: 7 }, firstMs: 1, lastMs: 2 };
    const first = bench.open(65_536);
    for (let id = 1; id <= 3; id++) await first.append(createAlert(id), notTaken);
    await first.read(3);
    const before = { ...losses, counts: { rate_limit: 3 } };
    for (let count = 0; count < 100; count++) await first.settle(1, before);
    for (let count = 0; count < 100; count++) await first.settle(2, losses);
    // Fits into no file that was begun.
    await first.append(createAlert(4, { message: "x".repeat(5_000) }), notTaken);
    const second = bench.open(65_536);
    expect(await second.open()).toEqual(losses);
    expect(idsOf(await second.read(100))).toEqual([3, 4]);
  });

  it("gives back what an earlier process knew, also when something is lost while it is read [sinks D-4] [sinks D-6]", async () => {
    await using bench = await openBench();
    const losses = { counts: { overflow: 7 }, firstMs: 1, lastMs: 2 };
    const first = bench.open();
    await first.append(createAlert(1), notTaken);
    await first.settle(0, losses);
    await writeFile(`${bench.folder}/0000000002.spool`, "no line of a spool\n");
    const second: AlertSpool = new AlertSpool({
      folder: bench.folder,
      maxBytes: 1_000_000,
      clock: bench.clock,
      logger: noopLogger,
      onLost: () => second.note({ counts: { spool: 1 }, firstMs: 3, lastMs: 3 }),
    });
    expect(await second.open()).toEqual(losses);
  });

  it("loses nothing and repeats only what was not settled, whatever happens in whatever order [sinks D-1]", async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant("append" as const), isTaken: fc.boolean() }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant("read" as const), count: fc.integer({ min: 1, max: 5 }) }) },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant("settle" as const), count: fc.integer({ min: 1, max: 5 }) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("kill" as const), tornBytes: fc.nat(40) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("note" as const), count: fc.nat(40) }) },
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      await using bench = await openBench();
      // Several files: a segment is never smaller than 4 KiB, an alert has about 900 bytes.
      let spool = bench.open(65_536);
      let appended = 0;
      let settled = 0;
      /** Held by the process, oldest first. */
      let held: { readonly id: number; readonly position: number }[] = [];
      const readAll = async (count: number): Promise<void> => {
        const alerts = await spool.read(count);
        held.push(...alerts.map(({ alert, position }) => ({ id: Number(alert.uniqueId), position })));
      };
      for (const one of steps) {
        if (one.do === "append") {
          appended += 1;
          const { position, isTaken } = await spool.append(createAlert(appended), () => one.isTaken);
          if (isTaken) held.push({ id: appended, position });
        } else if (one.do === "read") await readAll(one.count);
        else if (one.do === "settle") {
          const done = held.splice(0, one.count);
          const last = done.at(-1);
          if (last === undefined) continue;
          settled = last.id;
          await spool.settle(last.position, undefined);
        } else if (one.do === "note") spool.note({ counts: { rate_limit: one.count }, firstMs: 0, lastMs: 0 });
        else {
          await spool.close();
          const names = await readdir(bench.folder).catch(() => []);
          const newest = names.toSorted((a, b) => (a < b ? -1 : 1)).at(-1);
          if (newest !== undefined && one.tornBytes > 0)
            await appendFile(`${bench.folder}/${newest}`, Buffer.alloc(one.tornBytes, 0x61));
          held = [];
          spool = bench.open(65_536);
          await spool.open();
        }
        const ids = held.map(({ id }) => id);
        expect(ids).toEqual(Array.from({ length: ids.length }, (_, at) => settled + 1 + at));
        expect(settled + held.length + spool.unread).toBe(appended);
      }
      while (spool.unread > 0) await readAll(7);
      expect(held.map(({ id }) => id)).toEqual(Array.from({ length: appended - settled }, (_, at) => settled + 1 + at));
      expect(bench.lost).toEqual([]);
    });
    await fc.assert(property, { seed: 1, numRuns: 100 });
  });
});
