import { appendFile, writeFile } from "node:fs/promises";
import { apiCall, containerProfilesPath, openSimCluster, openTempDir, waitFor, type PodObject } from "@kinglet/testing";
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
    const start = async (name: string, ...args: readonly string[]): Promise<SensorProcess> => {
      const sensor = await SensorProcess.start({
        folder: folder.file(name),
        kubeconfig: fixture.kubeconfigPath,
        tetragonFile: path,
        holdsBack: true,
        args: [...["--node-name", nodeName, "--alert-budget", "0", "--profile-refresh", "1s"], ...args],
      });
      await sensor.ready();
      return sensor;
    };
    const learning = ["--learning-initial-delay", "1s", "--learning-update-period", "1s", "--learning-max-time", "1h"];
    await using learner = await start("learner", ...learning);
    await judgedBy(learner, expected.outcomes.judged);
    // However long that took: what was learned is complete when the containers end.
    for (const pod of endedPods()) fixture.sim.apply(pod);
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
    expect(await learner.stop()).toBe(0);
    // They run the same once more, and nobody learns.
    for (const pod of recordedPods(containers)) fixture.sim.apply(pod);
    await using sensor = await start("judge", "--no-learn");
    await activeIn(sensor, active.length);
    const profileAlerts = (): ReturnType<SensorProcess["alerts"]> =>
      sensor.alerts().filter(({ ruleId }) => ruleId === "R0001" || ruleId === "R0040");
    await judgedBy(sensor, expected.outcomes.judged);
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

/** The pods of the recording, all of whose containers have done what they were there for. */
function endedPods(): readonly PodObject[] {
  const pods = recordedPods(containers);
  for (const { status } of pods) {
    const statuses = status["containerStatuses"] as { state: object }[];
    for (const one of statuses) one.state = { terminated: { exitCode: 0 } };
  }
  return pods;
}

async function judgedBy(sensor: SensorProcess, executions: number): Promise<void> {
  await waitFor(async () => (await sensor.metric('kinglet_sensor_executions_total{outcome="judged"}')) >= executions, {
    describe: `${String(executions)} executions to be judged`,
    timeoutMs: 60_000,
    intervalMs: 200,
  });
}

async function activeIn(sensor: SensorProcess, count: number): Promise<void> {
  await waitFor(async () => (await sensor.metric('kinglet_profile_cache_containers{state="active"}')) >= count, {
    describe: `${String(count)} active profiles`,
    timeoutMs: 30_000,
  });
}

/** The recording once more, as a second run of the same programs; done when all of it is judged. */
async function replay(sensor: SensorProcess, path: string): Promise<void> {
  const before = await sensor.metric('kinglet_sensor_executions_total{outcome="judged"}');
  await appendFile(path, `${lines.join("\n")}\n`);
  await judgedBy(sensor, before + expected.outcomes.judged);
}
