import { apiCall, createNode, createPod, podObject, waitFor, type ClusterFixture } from "@kinglet/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ComponentActs } from "./component-acts.ts";
import { LearningBench, type StoredProfile } from "./learning-bench.ts";
import type { SensorProcess } from "./sensor-process.ts";
import type { ShopWorkload } from "./shop.ts";

/** A node whose pods the sensor does not watch. */
const otherNode = "node-b";

/** Whose an address is, from the first conversation to the alert: the built program against whatever API server `open` gives. */
export function sensorPeersSuite(title: string, open: () => Promise<ClusterFixture>, isSkipped = false): void {
  describe.skipIf(isSkipped)(title, () => {
    let fixture: ClusterFixture;
    let bench: LearningBench;
    let acts: ComponentActs;
    let tests = 0;

    beforeAll(async () => {
      fixture = await open();
      await createNode(fixture, otherNode);
    });
    afterAll(() => fixture?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      tests += 1;
      acts = new ComponentActs();
      bench = await LearningBench.open(fixture, `peers-${String(tests)}`);
    });
    afterEach(() => bench[Symbol.asyncDispose]());

    const addPeer = async (
      name: string,
      podIP: string,
      options: {
        readonly app: string;
        readonly hash?: string;
        readonly hostNetwork?: boolean;
        readonly phase?: string;
        /** Of the other family. */
        readonly second?: string;
      },
    ): Promise<void> => {
      const { app, hash = "7d9f6c5b48", hostNetwork = false, phase = "Running", second } = options;
      const podIPs = [podIP, second].flatMap((ip) => (ip === undefined ? [] : [{ ip }]));
      const labels = { app, "pod-template-hash": hash };
      const pod = podObject({ name, namespace: bench.namespace, nodeName: otherNode, labels, phase });
      await createPod(fixture, {
        ...pod,
        spec: { ...pod.spec, hostNetwork },
        status: { ...pod.status, podIP, podIPs },
      });
    };
    const addService = async (name: string, selector?: Readonly<Record<string, string>>): Promise<string> => {
      const path = `/api/v1/namespaces/${bench.namespace}/services`;
      const spec = { ports: [{ port: 3333 }], ...(selector === undefined ? {} : { selector }) };
      const body = { apiVersion: "v1", kind: "Service", metadata: { name, namespace: bench.namespace }, spec };
      const made = (await apiCall(fixture, "POST", path, body)) as { readonly spec: { readonly clusterIP: string } };
      return made.spec.clusterIP;
    };
    const deletePeer = (name: string): Promise<unknown> =>
      apiCall(fixture, "DELETE", `/api/v1/namespaces/${bench.namespace}/pods/${name}`, {
        apiVersion: "v1",
        kind: "DeleteOptions",
        gracePeriodSeconds: 0,
      });
    /** Addresses that a connection to the port of miners raised an alert about. */
    const alertsAbout = async (
      sensor: SensorProcess,
      workload: ShopWorkload,
      ...addresses: readonly string[]
    ): Promise<readonly string[]> => {
      const before = sensor.alerts().length;
      const end = acts.executes(workload, "/the/end");
      await bench.events.write(...addresses.map((address) => acts.connects(workload, address, 3333)), end);
      await waitFor(async () => (await sensor.metric("kinglet_runtime_events_open")) === 0, {
        describe: "everything to be judged",
      });
      await sensor.alert(({ process }) => process.binary === "/the/end", "at the end");
      await waitFor(async () => (await sensor.metric("kinglet_peer_waiting_events")) === 0, {
        describe: "nothing to wait for whose an address is",
      });
      const alerts = sensor.alerts().slice(before);
      return alerts
        .filter(({ ruleId }) => ruleId === "R1009")
        .map((alert) => addresses.find((address) => JSON.stringify(alert).includes(address)) ?? "?")
        .toSorted();
    };
    const egressOf = ({ spec }: StoredProfile): readonly unknown[] =>
      ((spec.egress ?? []) as readonly Neighbor[])
        .map(({ ipAddress, podSelector, namespaceSelector, ports }) =>
          JSON.parse(
            JSON.stringify({
              ipAddress: ipAddress === "" ? undefined : ipAddress,
              labels: podSelector?.matchLabels,
              namespace: namespaceSelector?.matchLabels,
              ports: ports?.map(({ name }) => name),
            }),
          ),
        )
        .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

    it("learns peers by their labels, allows them at another address, and alerts on another workload [peers E-1]", async () => {
      await addPeer("store-1", "10.244.7.5", { app: "store" });
      await addPeer("node-agent", "10.244.7.6", { app: "agent", hostNetwork: true });
      await addPeer("job-done", "10.244.7.7", { app: "done", phase: "Succeeded" });
      const mail = await addService("mail", { app: "mail" });
      const bare = await addService("bare");
      await using sensor = await bench.start({ args: ["--learning-max-time", "8s"] });
      const [app] = await bench.addPod("cart", ["app"]);
      const learnedPeers = ["10.244.7.5", "10.244.7.6", "10.244.7.7", "10.99.99.99", mail, bare];
      await bench.events.write(
        acts.executes(app!, "/app"),
        ...learnedPeers.map((address) => acts.connects(app!, address, 3333)),
        acts.connects(app!, "203.0.113.9", 443),
      );
      const profile = await bench.learned(app!);
      expect(profile.completion).toBe("complete");
      const byAddress = ["10.244.7.6", "10.244.7.7", "10.99.99.99", bare].map((ipAddress) => ({
        ipAddress,
        ports: ["TCP-3333"],
      }));
      expect(egressOf(profile)).toEqual(
        [
          ...byAddress,
          { ipAddress: "203.0.113.9", ports: ["TCP-443"] },
          { labels: { app: "mail" }, ports: ["TCP-3333"] },
          { labels: { app: "store" }, ports: ["TCP-3333"] },
        ].toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
      );
      await bench.active(sensor, app!);

      await deletePeer("store-1");
      await addPeer("store-2", "10.244.7.15", { app: "store", hash: "5c8b9d7f66" });
      await addPeer("mail-1", "10.244.7.16", { app: "mail" });
      await addPeer("intruder", "10.244.7.17", { app: "intruder" });
      const other = await addService("other", { app: "other" });
      const asked = ["10.244.7.15", "10.244.7.16", "10.244.7.17", "10.244.7.18", other, mail, bare];
      expect(await alertsAbout(sensor, app!, ...asked)).toEqual(["10.244.7.17", "10.244.7.18", other].toSorted());
    });

    it("knows a pod by its second address once the first one was looked up, and one of its own node at once [peers E-3]", async () => {
      await addPeer("store-1", "10.244.7.5", { app: "store", second: "fd00:10:244:7::5" });
      await using sensor = await bench.start({ args: ["--learning-max-time", "8s"] });
      const [app] = await bench.addPod("cart", ["app"]);
      const [near] = await bench.addPod("near", ["app"]);
      const own = { podIP: "10.244.1.9", podIPs: [{ ip: "10.244.1.9" }, { ip: "fd00:10:244:1::9" }] };
      await bench.report([near!], { state: { running: {} } }, own);
      await bench.events.write(
        acts.executes(app!, "/app"),
        acts.connects(app!, "10.244.7.5", 3333),
        acts.connects(app!, "fd00:10:244:1::9", 3333),
      );
      const profile = await bench.learned(app!);
      const labels = egressOf(profile).map((peer) => (peer as { readonly labels?: unknown }).labels);
      expect(labels).toEqual([{ app: "near" }, { app: "store" }]);
      await bench.active(sensor, app!);
      await addPeer("intruder", "10.244.7.17", { app: "intruder", second: "fd00:10:244:7::17" });
      const asked = ["fd00:10:244:7::5", "fd00:10:244:1::9", "10.244.1.9", "10.244.7.17", "fd00:10:244:7::17"];
      expect(await alertsAbout(sensor, app!, ...asked)).toEqual(["10.244.7.17", "fd00:10:244:7::17"]);
    });

    it("knows the pods of its own node without asking, and asks for nothing while nobody talks [peers E-2]", async () => {
      await using sensor = await bench.start();
      const [app] = await bench.addPod("cart", ["app"]);
      const [near] = await bench.addPod("near", ["app"]);
      await bench.report([near!], { state: { running: {} } }, { podIP: "10.244.1.9", podIPs: [{ ip: "10.244.1.9" }] });
      const listed = async (): Promise<readonly number[]> => [
        await countOf(sensor, "pods"),
        await countOf(sensor, "services"),
      ];
      await bench.events.write(acts.executes(app!, "/app"), acts.connects(app!, "203.0.113.9", 443));
      const before = await listed();
      const hasSelector = (profile: StoredProfile): boolean => JSON.stringify(egressOf(profile)).includes("near");
      await bench.events.write(acts.connects(app!, "10.244.1.9", 8080));
      await bench.learned(app!, hasSelector);
      expect(await listed()).toEqual(before);
    });
  });
}

interface Neighbor {
  readonly ipAddress?: string;
  readonly podSelector?: { readonly matchLabels?: object } | null;
  readonly namespaceSelector?: { readonly matchLabels?: object } | null;
  readonly ports?: readonly { readonly name: string }[];
}

/** Lists of a kind that the sensor asked for. */
async function countOf(sensor: SensorProcess, resource: string): Promise<number> {
  const { text } = await sensor.http("/metrics");
  const rows = text
    .split("\n")
    .filter((row) => row.startsWith("kinglet_kube_requests_total{") && row.includes(`resource="${resource}"`))
    .filter((row) => row.includes('verb="list"'));
  return rows.reduce((sum, row) => sum + Number(row.slice(row.lastIndexOf(" "))), 0);
}
