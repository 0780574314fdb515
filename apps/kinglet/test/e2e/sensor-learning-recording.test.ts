import { appendFile, writeFile } from "node:fs/promises";
import { apiCall, containerProfilesPath, openSimCluster, openTempDir, waitFor } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { expectedOutcomes, namespace, recordedContainers, recordedFiles, recordedPods } from "./recording.ts";
import { SensorProcess } from "./sensor-process.ts";
import { nodeName, prepareShop } from "./shop.ts";

interface StoredProfile {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly execs?: readonly { readonly path: string; readonly args?: readonly string[] }[] };
}

/** Each container of the recording alone, by what its lines say, read with nothing but JSON.parse. */
const containers = recordedContainers();
const lines = recordedFiles("export")
  .flatMap(({ text }) => text.split("\n"))
  .filter((line) => line !== "");
const expected = expectedOutcomes(lines, containers);
const pathsOf = (id: string): readonly string[] =>
  [...new Set((expected.judged.get(id) ?? []).map(({ binary }) => binary))].toSorted();

describe("sensor that learns from a recording", () => {
  it("stores what each container ran, is silent about it afterwards, and alerts once on each step left out", async () => {
    await using fixture = await openSimCluster();
    await using folder = await openTempDir("kinglet learns a recording ");
    const path = folder.file("tetragon.log");
    await prepareShop(fixture, namespace);
    for (const pod of recordedPods(containers)) fixture.sim.apply(pod);
    await writeFile(path, `${lines.join("\n")}\n`);
    const options = {
      folder: folder.path,
      kubeconfig: fixture.kubeconfigPath,
      tetragonFile: path,
      holdsBack: true,
      args: [
        ...["--node-name", nodeName, "--alert-budget", "0", "--profile-refresh", "1s"],
        ...["--learning-initial-delay", "1s", "--learning-update-period", "1s", "--learning-max-time", "8s"],
      ],
    };
    await using sensor = await SensorProcess.start(options);
    await sensor.ready();
    const active = containers.filter(({ id }) => pathsOf(id).length > 0);
    const stored = async (name: string): Promise<StoredProfile> =>
      (await apiCall(fixture, "GET", `${containerProfilesPath(namespace)}/${name}`)) as StoredProfile;
    const isStored = async (name: string): Promise<boolean> => {
      try {
        return (await stored(name)).metadata.annotations?.["kubescape.io/status"] === "completed";
      } catch {
        return false;
      }
    };
    await waitFor(
      async () => (await Promise.all(active.map(({ profileName }) => isStored(profileName)))).every(Boolean),
      {
        describe: "the completed profiles of the recorded containers",
        timeoutMs: 40_000,
        intervalMs: 500,
      },
    );
    for (const { id, profileName } of active) {
      const { spec } = await stored(profileName);
      const learned = [...new Set(spec.execs?.map((exec) => exec.path))].toSorted();
      // What ran before Tetragon began is told by it too, and learned; nothing else is.
      expect(learned).toEqual([...new Set([...pathsOf(id), ...(expected.replayed.get(id) ?? [])])].toSorted());
    }
    const profileAlerts = (): ReturnType<SensorProcess["alerts"]> =>
      sensor.alerts().filter(({ ruleId }) => ruleId === "R0001" || ruleId === "R0040");
    await activeIn(sensor, active.length);
    await replay(sensor, path);
    expect(profileAlerts()).toEqual([]);

    // Of each container the program in the middle of its list.
    const wanted = await Promise.all(
      active.map(async ({ id, name, profileName }) => {
        const leftOut = pathsOf(id)[Math.floor(pathsOf(id).length / 2)] ?? "";
        const { spec } = await stored(profileName);
        const execs = spec.execs?.filter((exec) => exec.path !== leftOut);
        expect(execs?.length).toBeLessThan(spec.execs?.length ?? 0);
        await apiCall(fixture, "PATCH", `${containerProfilesPath(namespace)}/${profileName}`, { spec: { execs } });
        return `${name} ${leftOut}`;
      }),
    );
    await waitFor(
      async () => {
        await replay(sensor, path);
        return profileAlerts().length >= wanted.length;
      },
      { describe: "the alerts about what was left out", timeoutMs: 60_000, intervalMs: 500 },
    );
    await replay(sensor, path);
    const got = profileAlerts().map(({ containerName, process }) => `${containerName} ${process.binary}`);
    expect(got.toSorted()).toEqual(wanted.toSorted());
  }, 180_000);
});

async function activeIn(sensor: SensorProcess, count: number): Promise<void> {
  await waitFor(async () => (await sensor.metric('kinglet_profile_cache_containers{state="active"}')) >= count, {
    describe: `${String(count)} active profiles`,
    timeoutMs: 30_000,
  });
}

/** The recording once more, as a second run of the same programs; done when all of it is judged. */
async function replay(sensor: SensorProcess, path: string): Promise<void> {
  const judged = (): Promise<number> => sensor.metric('kinglet_sensor_executions_total{outcome="judged"}');
  const before = await judged();
  await appendFile(path, `${lines.join("\n")}\n`);
  await waitFor(async () => (await judged()) >= before + expected.outcomes.judged, {
    describe: "the recording to be judged again",
    timeoutMs: 60_000,
    intervalMs: 200,
  });
}
