import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import {
  openSimCluster,
  openTempDir,
  TetragonLineWriter,
  waitFor,
  type SimClusterFixture,
  type TempDir,
} from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executableSkip } from "../artefact/built-program.ts";
import { InspectedProcess } from "./inspected-process.ts";
import { seededRandom } from "./seeded-random.ts";
import { SensorProcess } from "./sensor-process.ts";
import { addWorkload, executes, nodeName, permitted, prepareShop, profileNameOf, type ShopWorkload } from "./shop.ts";

const namespace = "soak";
const workloadCount = 40;
/** What the shop's programs are called with differs each time: the profiles allow it. */
const execs = permitted.map((path) => ({ path, args: [path, "⋯⋯"] }));
const eventsPerSecond = 200;
const tickMs = 100;
/** An ended container is remembered for a minute: before that nothing has a plateau. */
const warmUpMs = 130_000;
const windowMs = 15_000;
const betweenWindowsMs = 45_000;
const idleMs = 60_000;
/** Rarely: a client waits longer after each failure that follows another within two minutes, and an event waits five seconds for its pod. */
const restartEveryMs = 50_000;
const linesPerRotation = 3_000;
const keptFiles = 5;

/** Connections to the API that may be kept for the next request. */
const keptConnections = 2;

/** Of pods, of rules, and of their bindings. */
const watches = 3;

/** Memory of a process over a window, the median of samples. */
interface Plateau {
  readonly heap: number;
  readonly anonymous: number;
}

describe.skipIf(executableSkip !== undefined)(
  executableSkip === undefined
    ? "sensor under steady load, then idle"
    : `sensor under steady load, then idle [skipped: ${executableSkip}]`,
  () => {
    let fixture: SimClusterFixture;
    let folder: TempDir;
    let sensor: SensorProcess;
    let inspected: InspectedProcess;
    let before: Awaited<ReturnType<InspectedProcess["descriptors"]>>;
    const plateaus: Plateau[] = [];
    const wanted: string[] = [];
    let written = 0;

    beforeAll(async () => {
      fixture = await openSimCluster();
      folder = await openTempDir("kinglet soak ");
      await prepareShop(fixture, namespace);
      const workloads: ShopWorkload[] = [];
      for (let index = 0; index < workloadCount; index += 1)
        workloads.push(await addWorkload(fixture, namespace, `app-${String(index)}`, { execs }));
      await using events = new TetragonLineWriter(folder.file("tetragon.log"));
      await events.write();
      sensor = await SensorProcess.start({
        folder: folder.path,
        kubeconfig: fixture.kubeconfigPath,
        tetragonFile: events.path,
        // Each alert counts: none is held back as a repetition, or as one of too many.
        args: ["--node-name", nodeName, "--alert-cooldown", "0", "--alert-budget", "0"],
        env: { NODE_OPTIONS: "--inspect=127.0.0.1:0" },
      });
      await sensor.ready();
      inspected = await InspectedProcess.attach(sensor.pid, sensor.stderr());
      // The rules are compiled and every kind of connection was used once.
      await events.write(executes(workloads[0] as ShopWorkload, permitted[0] ?? "").line);
      await waitFor(async () => (await accounted(sensor)) === 1, { describe: "the first execution" });
      await delay(1_000);
      before = await inspected.descriptors();
      written = 1;

      let isLoaded = true;
      const load = Promise.all([
        writeEvents(events, workloads, () => isLoaded),
        churnPods(workloads, () => isLoaded),
        restartServer(() => isLoaded),
      ]);
      await delay(warmUpMs);
      plateaus.push(await plateau());
      await delay(betweenWindowsMs);
      plateaus.push(await plateau());
      isLoaded = false;
      await load;
    }, 300_000);

    afterAll(async () => {
      inspected?.[Symbol.dispose]();
      await sensor?.[Symbol.asyncDispose]();
      await fixture?.[Symbol.asyncDispose]();
      await folder?.[Symbol.asyncDispose]();
    });

    it("judges every execution, and raises each alert once", async () => {
      await waitFor(async () => (await accounted(sensor)) >= written, {
        describe: "every execution",
        timeoutMs: 30_000,
      });
      await waitFor(() => sensor.alerts().length >= wanted.length, { describe: "every alert", timeoutMs: 30_000 });
      expect(await accounted(sensor)).toBe(written);
      expect(await sensor.metric('kinglet_sensor_executions_total{outcome="judged"}')).toBe(written);
      expect(
        sensor
          .alerts()
          .map((alert) => alert.process.execId)
          .toSorted(),
      ).toEqual(wanted.toSorted());
      expect(await sensor.metric("kinglet_runtime_events_open")).toBe(0);
    });

    it("does not grow between two windows under the same load", () => {
      const [first, second] = plateaus as [Plateau, Plateau];
      const megabytes = ({ heap, anonymous }: Plateau): string => `heap ${mb(heap)}, anonymous ${mb(anonymous)}`;
      const growth = `first window: ${megabytes(first)}; second: ${megabytes(second)}`;
      console.log(growth);
      expect(second.heap, growth).toBeLessThan(first.heap * 1.02 + 200_000);
      expect(second.anonymous, growth).toBeLessThan(first.anonymous * 1.08 + 1_000_000);
    });

    it("keeps no file, and no connection but the ones it uses again, that it did not have before the load", async () => {
      let after = before;
      await waitFor(
        async () => {
          after = await inspected.descriptors();
          return after.sockets <= before.sockets + keptConnections && after.others.length <= before.others.length;
        },
        {
          describe: () => `as few descriptors as before: ${JSON.stringify({ before, after }, undefined, 1)}`,
          timeoutMs: 30_000,
          intervalMs: 500,
        },
      );
      const informers = JSON.parse((await sensor.debug("/debug/informers")).text) as readonly {
        readonly state: string;
        readonly size: number;
      }[];
      expect(informers.map(({ state, size }) => ({ state, size }))).toEqual([
        { state: "watching", size: workloadCount },
      ]);
    });

    it(
      "rests when there is nothing to do: no list, no write, no timer faster than a minute",
      { timeout: 180_000 },
      async () => {
        // What the end of the load has left to do is over: containers that ended are forgotten after a minute.
        await delay(65_000);
        await inspected.evaluate(watchTimers);
        fixture.sim.clearJournal();
        await delay(idleMs);
        const requests = fixture.sim.journal().filter((entry) => entry.userAgent.startsWith("kinglet-sensor/"));
        const fired = await inspected.evaluate<readonly string[]>("globalThis.kingletTimers");
        console.log(`${String(requests.length)} requests, timers: ${JSON.stringify(fired)}`);
        // What a profile is made of is looked at once a minute: the container's own object and two of its users'.
        const isProfile = (path: string): boolean =>
          /\/(?:containerprofiles|applicationprofiles|networkneighborhoods)\//.test(path);
        const others = requests.filter((entry) => entry.method !== "GET" || !isProfile(entry.path));
        expect(others.filter((entry) => entry.query["watch"] !== "true" && entry.query["watch"] !== "1")).toEqual([]);
        expect(requests.length - others.length).toBeLessThanOrEqual(3 * workloadCount);
        // The profiles' tick, and for each watch the check that it is alive (every 100 s); besides, the pings of the connection.
        const pings = fired.filter((timer) => /(?:onIdle|onQuiet|onDead)\(/.test(timer));
        const ticks = fired.filter((timer) => !pings.includes(timer));
        expect(ticks.filter((timer) => Number.parseFloat(timer) < 60_000)).toEqual([]);
        expect(ticks.length, JSON.stringify(fired)).toBeLessThanOrEqual(1 + watches);
        expect(pings.length, JSON.stringify(fired)).toBeLessThanOrEqual(2 * Math.ceil(idleMs / 15_000));
        // A process does not end while somebody looks into it.
        inspected[Symbol.dispose]();
        expect(await sensor.stop()).toBe(0);
      },
    );

    async function plateau(): Promise<Plateau> {
      const heaps: number[] = [];
      const resident: number[] = [];
      const samples = 6;
      for (let index = 0; index < samples; index += 1) {
        resident.push(await inspected.anonymousMemory());
        heaps.push(await inspected.heapAfterGc());
        await delay(windowMs / samples);
      }
      return { heap: median(heaps), anonymous: median(resident) };
    }

    async function writeEvents(
      events: TetragonLineWriter,
      workloads: readonly ShopWorkload[],
      isLoaded: () => boolean,
    ): Promise<void> {
      const random = seededRandom(7);
      const rotated: string[] = [];
      let due = performance.now();
      let sinceRotation = 0;
      while (isLoaded()) {
        const lines: string[] = [];
        for (let count = 0; count < (eventsPerSecond * tickMs) / 1_000; count += 1) {
          const workload = workloads[Math.floor(random() * workloads.length)] as ShopWorkload;
          const isPermitted = random() > 0.01;
          const { line, ended, execId } = executes(
            workload,
            isPermitted ? (permitted[0] ?? "") : "/usr/bin/id",
            "x".repeat(Math.floor(random() * 300)),
          );
          if (!isPermitted) wanted.push(execId);
          lines.push(line, ended);
        }
        await events.write(...lines);
        written += lines.length / 2;
        sinceRotation += lines.length;
        if (sinceRotation >= linesPerRotation) {
          sinceRotation = 0;
          rotated.push(await events.rotate());
          if (rotated.length > keptFiles) await rm(rotated.shift() ?? "");
        }
        due += tickMs;
        await delay(Math.max(0, due - performance.now()));
      }
    }

    /** Every second one pod goes and another one comes, with a profile of its own. */
    async function churnPods(workloads: ShopWorkload[], isLoaded: () => boolean): Promise<void> {
      for (let count = 0; isLoaded(); count += 1) {
        await delay(1_000);
        const next = await tryAdd(`next-${String(count)}`);
        if (next === undefined) continue;
        const at = count % workloads.length;
        const gone = workloads[at] as ShopWorkload;
        workloads[at] = next;
        fixture.sim.remove("pods", namespace, gone.podName);
        fixture.sim.remove("containerprofiles.spdx.softwarecomposition.kubescape.io", namespace, profileNameOf(gone));
      }
    }

    /** Undefined while the server restarts. */
    async function tryAdd(name: string): Promise<ShopWorkload | undefined> {
      try {
        return await addWorkload(fixture, namespace, name, { execs });
      } catch (error) {
        if (/ECONNRE|socket hang up/.test(String(error))) return undefined;
        throw error;
      }
    }

    async function restartServer(isLoaded: () => boolean): Promise<void> {
      for (let waited = 0; isLoaded(); waited += tickMs) {
        await delay(tickMs);
        if (waited % restartEveryMs === restartEveryMs - tickMs) await fixture.sim.restart();
      }
    }
  },
);

/** Makes the process write down each timer that fires, with its delay and the beginning of its function. */
const watchTimers = `(() => {
  const { createHook, executionAsyncResource } = process.getBuiltinModule("node:async_hooks");
  globalThis.kingletTimers = [];
  createHook({
    before() {
      const timer = executionAsyncResource();
      if (timer?.constructor?.name !== "Timeout") return;
      globalThis.kingletTimers.push(timer._idleTimeout + " ms " + String(timer._onTimeout).slice(0, 240));
    },
  }).enable();
})()`;

/** Executions that the sensor has accounted for. */
async function accounted(sensor: SensorProcess): Promise<number> {
  const { text } = await sensor.http("/metrics");
  let sum = 0;
  for (const [, value = "0"] of text.matchAll(/^kinglet_sensor_executions_total\{[^}]*\} (\S+)$/gm))
    sum += Number(value);
  return sum;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function mb(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(2)} MB`;
}
