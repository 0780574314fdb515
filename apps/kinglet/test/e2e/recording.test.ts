import { appendFile, rename, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { openSimCluster, openTempDir, waitFor, type SimClusterFixture, type TempDir } from "@kinglet/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  expectedOutcomes,
  namespace,
  recordedContainers,
  recordedFiles,
  recordedPods,
  recordedProfiles,
  type RecordedContainer,
} from "./recording.ts";
import { SensorProcess } from "./sensor-process.ts";
import { nodeName, prepareShop } from "./shop.ts";

const containers = recordedContainers();

describe("sensor on a recording of Tetragon", () => {
  let fixture: SimClusterFixture;
  let folder: TempDir;
  let path: string;

  beforeEach(async () => {
    fixture = await openSimCluster();
    folder = await openTempDir("kinglet recording ");
    path = folder.file("tetragon.log");
    await prepareShop(fixture, namespace);
    for (const pod of recordedPods(containers)) fixture.sim.apply(pod);
  });
  afterEach(async () => {
    await fixture[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  const applyProfiles = (...input: Parameters<typeof recordedProfiles>): void => {
    for (const profile of recordedProfiles(...input)) fixture.sim.apply(profile);
  };
  const start = (): Promise<SensorProcess> =>
    SensorProcess.start({
      folder: folder.path,
      kubeconfig: fixture.kubeconfigPath,
      tetragonFile: path,
      args: ["--node-name", nodeName, "--cluster-name", "test"],
    });

  it("accounts for every line of one large file, and raises no alert when the profiles hold everything", async () => {
    const lines = linesOf("export");
    const expected = expectedOutcomes(lines, containers);
    expect(Object.values(expected.kinds).reduce((sum, count) => sum + count, 0)).toBe(lines.length);
    applyProfiles(containers, expected.judged);
    await writeFile(path, `${lines.join("\n")}\n`);
    await using sensor = await start();
    await sensor.ready();
    await expectAccounts(sensor, expected);
    expect(alertsOf(sensor)).toEqual([]);
    expect(await sensor.stop()).toBe(0);
  });

  it("raises each alert of a path that is missing in one profile once, and none besides", async () => {
    const lines = linesOf("export");
    const expected = expectedOutcomes(lines, containers);
    const batch = containerNamed("batch-5953894d");
    const missing = "/bin/expr";
    const wanted = (expected.judged.get(batch.id) ?? []).filter((execution) => execution.binary === missing);
    expect(wanted.length).toBeGreaterThan(100);
    // The others run it too, and their profiles permit it.
    const elsewhere = [...expected.judged].filter(([id]) => id !== batch.id).flatMap(([, own]) => own);
    expect(elsewhere.some((execution) => execution.binary === missing)).toBe(true);
    applyProfiles(containers, expected.judged, (container, binary) => container === batch && binary === missing);
    await writeFile(path, `${lines.join("\n")}\n`);
    await using sensor = await start();
    await sensor.ready();
    await expectAccounts(sensor, expected);
    await waitFor(() => alertsOf(sensor).length >= wanted.length, { describe: "the alerts" });
    expect(await sensor.stop()).toBe(0);
    expect(
      alertsOf(sensor)
        .map((alert) => alert.process.execId)
        .toSorted(),
    ).toEqual(wanted.map((execution) => execution.execId).toSorted());
    expect(new Set(alertsOf(sensor).map((alert) => alert.uniqueId)).size).toBe(wanted.length);
    for (const alert of alertsOf(sensor)) {
      expect(alert).toMatchObject({
        containerId: batch.id,
        podName: batch.podName,
        containerName: batch.name,
        process: { binary: missing },
      });
    }
    // A restart reads nothing again.
    await using again = await start();
    await again.ready();
    await delay(500);
    expect(alertsOf(again)).toEqual([]);
    expect(await outcomeOf(again, "judged")).toBe(0);
  });

  it("accounts for every line of the rotated set while it is written and rotated as it was recorded", async () => {
    const lines = linesOf("export");
    const expected = expectedOutcomes(lines, containers);
    const web = containerNamed("web2-917d842b");
    const missing = "/bin/wget";
    const wanted = (expected.judged.get(web.id) ?? []).filter((execution) => execution.binary === missing);
    expect(wanted.length).toBeGreaterThan(10);
    applyProfiles(containers, expected.judged, (container, binary) => container === web && binary === missing);
    await writeFile(path, "");
    await using sensor = await start();
    await sensor.ready();
    const files = recordedFiles("export");
    for (const file of files) {
      // In pieces that end anywhere, also within a line.
      const piece = Math.ceil(file.text.length / 7);
      for (let at = 0; at < file.text.length; at += piece) await appendFile(path, file.text.slice(at, at + piece));
      if (file.name !== "tetragon.log") await rename(path, folder.file(file.name));
    }
    await expectAccounts(sensor, expected);
    await waitFor(() => alertsOf(sensor).length >= wanted.length, { describe: "the alerts" });
    expect(alertsOf(sensor).map((alert) => alert.process.execId)).toEqual(wanted.map((execution) => execution.execId));
    expect(await sensor.stop()).toBe(0);
  });

  it("accounts for every line of an export under a rate limit, and says how many were left out of it", async () => {
    const lines = linesOf("export-rate-limited");
    const expected = expectedOutcomes(lines, containers);
    expect(expected.droppedUpstream).toBeGreaterThan(0);
    applyProfiles(containers, expected.judged);
    await writeFile(path, `${lines.join("\n")}\n`);
    await using sensor = await start();
    await sensor.ready();
    await expectAccounts(sensor, expected);
    expect(await sensor.metric("kinglet_runtime_events_dropped_upstream_total")).toBe(expected.droppedUpstream);
    const { source } = JSON.parse((await sensor.debug("/debug/events")).text) as {
      readonly source: { readonly blindIntervals: readonly unknown[] };
    };
    expect(source.blindIntervals.length).toBeGreaterThan(0);
    expect(alertsOf(sensor)).toEqual([]);
    expect(await sensor.stop()).toBe(0);
  });
});

function linesOf(name: Parameters<typeof recordedFiles>[0]): readonly string[] {
  const lines = recordedFiles(name).flatMap((file) => file.text.split("\n"));
  return lines.filter((line) => line !== "");
}

function containerNamed(name: string): RecordedContainer {
  const container = containers.find((row) => row.name === name);
  if (container === undefined) throw new Error(`the recording has no container ${name}`);
  return container;
}

/** What the profiles of executions decide; other rules see more in the recording, and are tested where they are. */
function alertsOf(sensor: SensorProcess): ReturnType<SensorProcess["alerts"]> {
  return sensor.alerts().filter(({ ruleId }) => ruleId === "R0001");
}

function outcomeOf(sensor: SensorProcess, outcome: string): Promise<number> {
  return sensor.metric(`kinglet_sensor_executions_total{outcome="${outcome}"}`);
}

/** Waits until the sensor has accounted for as many executions as there are, and compares every sum. */
async function expectAccounts(sensor: SensorProcess, expected: ReturnType<typeof expectedOutcomes>): Promise<void> {
  const total = expected.kinds["exec"] ?? 0;
  const counts = async (): Promise<Record<string, number>> =>
    seriesOf((await sensor.http("/metrics")).text, "kinglet_sensor_executions_total", "outcome");
  const sum = (of: Record<string, number>): number => Object.values(of).reduce((all, count) => all + count, 0);
  let last: Record<string, number> = {};
  await waitFor(async () => sum((last = await counts())) >= total, {
    describe: () => `${String(total)} executions: ${JSON.stringify(last)}\n${sensor.stderr()}`,
    timeoutMs: 60_000,
    intervalMs: 100,
  });
  const { text } = await sensor.http("/metrics");
  const nonZero = (of: Record<string, number>): Record<string, number> =>
    Object.fromEntries(Object.entries(of).filter(([, count]) => count !== 0));
  expect(nonZero(last)).toEqual(nonZero(expected.outcomes));
  expect(hooksAsOne(nonZero(seriesOf(text, "kinglet_runtime_events_total", "kind")))).toEqual(expected.kinds);
  expect(nonZero(seriesOf(text, "kinglet_runtime_events_skipped_lines_total", "reason"))).toEqual({});
  expect(nonZero(seriesOf(text, "kinglet_runtime_events_unknown_total", "member"))).toEqual({});
  await waitFor(async () => (await sensor.metric("kinglet_runtime_events_open")) === 0, {
    describe: "every event to be acknowledged",
  });
}

/** What a hook saw has a kind of its own where it is understood; a line tells only that it was a hook. */
function hooksAsOne(kinds: Readonly<Record<string, number>>): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const [kind, count] of Object.entries(kinds)) {
    const member = ["exec", "exit", "rateLimit"].includes(kind) ? kind : "kprobe";
    counted[member] = (counted[member] ?? 0) + count;
  }
  return counted;
}

/** The values of a metric by one label. */
function seriesOf(text: string, name: string, label: string): Record<string, number> {
  const values: Record<string, number> = {};
  for (const [, key = "", value = ""] of text.matchAll(new RegExp(`^${name}\\{${label}="([^"]*)"\\} (\\S+)$`, "gm")))
    values[key] = Number(value);
  return values;
}
