import { mkdir, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { containerIdOf, openSimCluster, waitFor } from "@kinglet/testing";
import { describe, expect, it } from "vitest";
import { LearningBench, secondsOf, type LearnedWorkload } from "./learning-bench.ts";
import { addProfile, executes } from "./shop.ts";

const execs = 'kinglet_sensor_executions_total{outcome="judged"}';
const unresolved = 'kinglet_sensor_executions_total{outcome="unresolved"}';

/** Another instance of the same container. */
const instanceOf = (workload: LearnedWorkload, which: string): LearnedWorkload => ({
  ...workload,
  containerId: containerIdOf(`${workload.containerId}/${which}`),
});
const past = ({ containerId }: LearnedWorkload, atMs: number): object => {
  const at = secondsOf(new Date(atMs));
  return {
    terminated: { exitCode: 1, containerID: `containerd://${containerId}`, startedAt: at, finishedAt: at },
  };
};
/** As an agent tells it that knows the pods itself. */
const withNames = (line: string, { namespace, podName, containerName }: LearnedWorkload): string => {
  const told = JSON.parse(line) as { readonly process_exec: { readonly process: object } };
  const pod = { namespace, name: podName, container: { name: containerName } };
  return JSON.stringify({ ...told, process_exec: { process: { ...told.process_exec.process, pod } } });
};
const runs = (atMs: number): object => ({ running: { startedAt: secondsOf(new Date(atMs)) } });

describe("A sensor and instances that had ended before it saw them", () => {
  it("judges what one did of which only its successor's status tells", async () => {
    await using fixture = await openSimCluster();
    await using bench = await LearningBench.open(fixture, "shop");
    const [old] = await bench.addPod("api", ["app"]);
    await addProfile(fixture, old!, ["/bin/app"]);
    const args = ["--no-learn"];
    await using first = await bench.start({ args });
    await bench.active(first, old!);
    await bench.execute(old!, "/bin/app");
    await bench.settled(first, 1);
    expect(await first.stop()).toBe(0);
    await bench.execute(old!, "/tmp/exploit");
    const next = instanceOf(old!, "next");
    await bench.report([next], { state: runs(Date.now()), lastState: past(old!, Date.now()) });
    await using second = await bench.start({ args });
    await bench.execute(next, "/tmp/after");
    for (const [binary, { containerId }] of [
      ["/tmp/exploit", old!],
      ["/tmp/after", next],
    ] as const) {
      const alert = await second.alert((row) => row.process.binary === binary, `for ${binary}`);
      expect(alert).toMatchObject({ ruleId: "R0001", podName: old!.podName, containerId });
    }
    expect(await second.metric(unresolved)).toBe(0);
    expect(await second.stop()).toBe(0);
  });

  it("learns what such a one did, and calls a profile partial when nobody tells of another", async () => {
    await using fixture = await openSimCluster();
    await using bench = await LearningBench.open(fixture, "shop");
    await using sensor = await bench.start({ args: ["--learning-max-time", "1h"] });
    const known = (await bench.addPod("known", ["app"]))[0]!;
    const job = { apiVersion: "batch/v1", kind: "Job", name: "lost" };
    const lost = (await bench.addPod("lost", ["app"], { owner: job }))[0]!;
    const whole = (await bench.addPod("whole", ["app"], { owner: { ...job, name: "whole" } }))[0]!;
    const [second, nobody] = [instanceOf(known, "second"), instanceOf(lost, "nobody")];
    await bench.execute(known, "/bin/app");
    await bench.execute(second, "/bin/migrate");
    await bench.execute(lost, "/bin/app");
    await bench.execute(whole, "/bin/app");
    await bench.events.write(withNames(executes(nobody, "/bin/migrate").line, lost));
    // The watched instance becomes the past, and a third one the present, before the second was ever reported.
    const startMs = Date.now() + 999;
    const third = instanceOf(known, "third");
    await bench.report([third], { state: runs(startMs), lastState: past(second, startMs) });
    await bench.execute(third, "/bin/serve");
    await waitFor(async () => (await sensor.metric(unresolved)) === 1, {
      describe: "the one of which nobody tells to be given up",
      timeoutMs: 15_000,
    });
    for (const one of [third, lost, whole])
      await bench.report([one], { terminated: { exitCode: 0, containerID: `containerd://${one.containerId}` } });
    const everything = ["/bin/app", "/bin/migrate", "/bin/serve"];
    await bench.learned(known, ({ spec }) => everything.every((path) => spec.execs?.some((one) => one.path === path)));
    const part = await bench.learned(lost);
    expect([part.completion, (await bench.learned(whole)).completion]).toEqual(["partial", "complete"]);
    expect(part.spec.execs?.map(({ path }) => path)).toEqual(["/bin/app"]);
    expect(await sensor.stop()).toBe(0);
  });
});

describe("A sensor that begins at the beginning", () => {
  it("reads a folder of rotated files whole, and a compressed file once", async () => {
    await using fixture = await openSimCluster();
    await using bench = await LearningBench.open(fixture, "shop");
    const app = (await bench.addPod("api", ["app"]))[0]!;
    const folder = bench.folder.file("export");
    await mkdir(folder);
    const packed = (binary: string): Buffer => gzipSync(`${executes(app, binary).line}\n`);
    await writeFile(`${folder}/tetragon-2026-11-20T21-50-37.382.log.gz`, packed("/bin/one"));
    await writeFile(`${folder}/tetragon-2026-11-20T22-50-37.382.log.gz`, packed("/bin/two"));
    await writeFile(`${folder}/tetragon.log`, `${executes(app, "/bin/three").line}\n`);
    await using all = await bench.start({ args: ["--no-learn"], tetragonFile: `${folder}/tetragon.log` });
    await bench.settled(all, 3);
    expect(await all.stop()).toBe(0);
    const archive = `${folder}/archive.log.gz`;
    await writeFile(archive, packed("/bin/one"));
    const state = bench.folder.file("archive-state");
    await using one = await bench.start({ folder: state, args: ["--no-learn"], tetragonFile: archive });
    await bench.settled(one, 1);
    expect(await one.metric(execs)).toBe(1);
    expect(await one.stop()).toBe(0);
  });
});
