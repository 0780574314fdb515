import type { JournalEntry } from "@kinglet/kube-sim";
import {
  apiCall,
  containerProfilesPath,
  openSimCluster,
  openTempDir,
  TetragonLineWriter,
  waitFor,
  type SimClusterFixture,
  type TempDir,
} from "@kinglet/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SensorProcess } from "./sensor-process.ts";
import { addWorkload, executes, nodeName, permitted, prepareShop, profileNameOf, type ShopWorkload } from "./shop.ts";

const namespace = "shop";
const tick = 'kinglet_profile_cache_reconcile_duration_seconds_count{phase="evict"}';

/** What a sensor asks of the API, counted at the server. */
describe("sensor with --profile-watch", () => {
  let fixture: SimClusterFixture;
  let folder: TempDir;
  let events: TetragonLineWriter;

  beforeEach(async () => {
    fixture = await openSimCluster();
    folder = await openTempDir("kinglet e2e ");
    events = new TetragonLineWriter(folder.file("tetragon.log"));
    await events.write();
    await prepareShop(fixture, namespace);
  });
  afterEach(async () => {
    await events.close();
    await folder[Symbol.asyncDispose]();
    await fixture[Symbol.asyncDispose]();
  });

  it("asks nothing over many ticks while nothing changes, and then for what has changed alone [cache W9]", async () => {
    const workloads: ShopWorkload[] = [];
    for (const name of ["cart", "pay", "ship"]) workloads.push(await addWorkload(fixture, namespace, name));
    await using sensor = await startSensor("--profile-watch");
    await isActive(sensor, 3);
    // The first look and the first watch may still be under way: steady is what comes after a tick without a request.
    await waitFor(async () => (await askedDuring(sensor, 2)).length === 0, {
      describe: "a steady state",
      timeoutMs: 30_000,
    });
    expect((await askedDuring(sensor, 4)).map(({ method, path }) => `${method} ${path}`)).toEqual([]);

    fixture.sim.clearJournal();
    const [cart] = workloads as [ShopWorkload];
    const profile = `${containerProfilesPath(namespace)}/${profileNameOf(cart)}`;
    const execs = [...permitted, "/usr/bin/curl"].map((path) => ({ path, args: [path] }));
    await apiCall(fixture, "PATCH", profile, { spec: { execs } });
    await waitFor(() => asked().length > 0, { describe: "the changed profile to be asked for", timeoutMs: 20_000 });
    await askedDuring(sensor, 2, { isKept: true });
    expect(asked().map(({ method, path }) => `${method} ${path}`)).toEqual([`GET ${profile}`]);
    const known = executes(cart, "/usr/bin/curl");
    const bad = executes(cart, "/usr/bin/nc");
    await events.write(known.line, bad.line);
    await sensor.alert((alert) => alert.process.execId === bad.execId, "for nc");
    expect(sensor.alerts().map((alert) => alert.process.execId)).toEqual([bad.execId]);
  });

  it("without it asks for each profile at each tick: the count above counts", async () => {
    await addWorkload(fixture, namespace, "cart");
    await using sensor = await startSensor();
    await isActive(sensor, 1);
    expect((await askedDuring(sensor, 3)).length).toBeGreaterThanOrEqual(2);
  });

  async function startSensor(...args: readonly string[]): Promise<SensorProcess> {
    const sensor = await SensorProcess.start({
      folder: folder.path,
      kubeconfig: fixture.kubeconfigPath,
      tetragonFile: events.path,
      args: ["--node-name", nodeName, "--profile-refresh", "1s", ...args],
    });
    await sensor.ready();
    return sensor;
  }

  async function isActive(sensor: SensorProcess, count: number): Promise<void> {
    const active = 'kinglet_profile_cache_containers{state="active"}';
    await waitFor(async () => (await sensor.metric(active)) === count, { describe: `${String(count)} profiles` });
  }

  /** The sensor's requests since the journal was emptied. */
  function asked(): readonly JournalEntry[] {
    return fixture.sim.journal().filter((entry) => entry.userAgent.startsWith("kinglet-sensor/"));
  }

  /** The sensor's requests over so many ticks of the profile cache. */
  async function askedDuring(
    sensor: SensorProcess,
    ticks: number,
    { isKept = false }: { readonly isKept?: boolean } = {},
  ): Promise<readonly JournalEntry[]> {
    const tickCount = (): Promise<number> => sensor.metric(tick);
    const end = (await tickCount()) + ticks;
    if (!isKept) fixture.sim.clearJournal();
    await waitFor(async () => (await tickCount()) >= end, { describe: `${String(ticks)} ticks`, timeoutMs: 30_000 });
    return asked();
  }
});
