import { setTimeout as delay } from "node:timers/promises";
import { openTempDir, TetragonLineWriter, waitFor, type ClusterFixture } from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "./seeded-random.ts";
import { SensorProcess } from "./sensor-process.ts";
import { addWorkload, executes, nodeName, permitted, prepareShop } from "./shop.ts";

/** Kills of one series. */
const kills = 25;
/** Longest life of a sensor, milliseconds; the shortest ends before it is ready. */
const longestLifeMs = 1_500;
const linesPerRotation = 60;

/** One alert as a sensor wrote it. */
interface Seen {
  readonly execId: string;
  readonly uniqueId: string;
}

/** The promise of the checkpoint, at random moments: no event is lost, and a kill repeats at most one alert. */
export function killSeriesSuite(title: string, open: () => Promise<ClusterFixture>, isSkipped = false): void {
  describe.skipIf(isSkipped)(title, () => {
    let fixture: ClusterFixture;
    beforeAll(async () => {
      fixture = await open();
    });
    afterAll(() => fixture?.[Symbol.asyncDispose]());

    it.each([1, 2])(
      `loses no event over ${String(kills)} kills and repeats at most one alert per kill, seed %i`,
      async (seed) => {
        const random = seededRandom(seed);
        const namespace = `kills-${String(seed)}`;
        await prepareShop(fixture, namespace);
        const cart = await addWorkload(fixture, namespace, "cart");
        const side = await addWorkload(fixture, namespace, "side");
        await using folder = await openTempDir("kinglet kills ");
        await using events = new TetragonLineWriter(folder.file("tetragon.log"));
        await events.write();

        const expected: string[] = [];
        const writer = new AbortController();
        const writing = (async () => {
          for (let count = 1; !writer.signal.aborted; count += 1) {
            const isPermitted = random() < 0.5;
            const { line, execId } = executes(
              random() < 0.7 ? cart : side,
              isPermitted ? (permitted[0] ?? "") : `/tmp/x${String(count)}`,
            );
            if (!isPermitted) expected.push(execId);
            const cut = Math.floor(random() * line.length);
            await events.writePartial(line.slice(0, cut));
            await events.writePartial(`${line.slice(cut)}\n`);
            if (count % linesPerRotation === 0) await events.rotate();
            await delay(random() * 10);
          }
        })();

        const start = (): Promise<SensorProcess> =>
          SensorProcess.start({
            folder: folder.path,
            kubeconfig: fixture.kubeconfigPath,
            tetragonFile: events.path,
            args: ["--node-name", nodeName],
          });
        const runs: (readonly Seen[])[] = [];
        const logs: string[] = [];
        const seenBy = (sensor: SensorProcess): readonly Seen[] =>
          sensor.alerts().map((alert) => ({ execId: alert.process.execId, uniqueId: alert.uniqueId }));
        try {
          for (let round = 0; round < kills; round += 1) {
            const sensor = await start();
            await delay(random() * longestLifeMs);
            await sensor.stop("SIGKILL");
            runs.push(seenBy(sensor));
            logs.push(sensor.stderr());
          }
        } finally {
          writer.abort();
          await writing;
        }
        await using last = await start();
        const others = new Set(runs.flat().map((row) => row.execId));
        const missing = (): readonly string[] => {
          const now = new Set(seenBy(last).map((row) => row.execId));
          return expected.filter((execId) => !others.has(execId) && !now.has(execId));
        };
        await waitFor(() => missing().length === 0, {
          describe: () =>
            `${String(missing().length)} of ${String(expected.length)} alerts, the first for ${missing()[0] ?? ""}\n${logs.join("")}${last.stderr()}`,
          timeoutMs: 60_000,
        });
        // A signal that comes before the program listens for it ends it at once.
        await last.ready();
        expect(await last.stop()).toBe(0);
        runs.push(seenBy(last));

        expect(runs.filter((run) => run.length > 0).length, "runs that got to write alerts").toBeGreaterThan(kills / 2);
        const uniqueIds = new Map<string, string>();
        for (const [index, run] of runs.entries()) {
          const repeated = run.filter((row) => uniqueIds.has(row.execId));
          expect(repeated.length, `alerts repeated by run ${String(index)}`).toBeLessThanOrEqual(1);
          for (const { execId, uniqueId } of run) {
            expect(uniqueIds.get(execId) ?? uniqueId, "the same unique id").toBe(uniqueId);
            uniqueIds.set(execId, uniqueId);
          }
        }
        expect(new Set(uniqueIds.keys())).toEqual(new Set(expected));
      },
    );
  });
}
