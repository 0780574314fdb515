import { apiCall, waitFor, type ClusterFixture } from "@kinglet/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LearningBench } from "./learning-bench.ts";
import type { SensorProcess } from "./sensor-process.ts";
import { addWorkload, executes, type ShopWorkload } from "./shop.ts";

const bindings = "/apis/kubescape.io/v1/runtimerulealertbindings";

/**
 * Bindings that go by labels of namespaces: the built program against whatever API server `open` gives.
 *
 * @param refuseNamespaces - has the server refuse to list them, until what it returns is called; absent where the server cannot.
 */
export function sensorBindingsSuite<T extends ClusterFixture>(
  title: string,
  open: () => Promise<T>,
  { isSkipped = false, refuseNamespaces }: BindingsSuiteOptions<T> = {},
): void {
  describe.skipIf(isSkipped)(title, () => {
    let fixture: T;
    let bench: LearningBench;
    let tests = 0;
    const made = new Set<string>();

    beforeAll(async () => {
      fixture = await open();
    });
    afterAll(() => fixture?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      tests += 1;
      bench = await LearningBench.open(fixture, `bindings-${String(tests)}`);
    });
    afterEach(async () => {
      for (const name of made) await unbind(name);
      await bench[Symbol.asyncDispose]();
    });

    const bind = async (name: string, namespaceSelector: object, ruleID: string): Promise<void> => {
      made.add(name);
      await apiCall(fixture, "POST", bindings, {
        apiVersion: "kubescape.io/v1",
        kind: "RuntimeRuleAlertBinding",
        metadata: { name },
        spec: { namespaceSelector, podSelector: {}, rules: [{ ruleID }] },
      });
    };
    const unbind = async (name: string): Promise<void> => {
      made.delete(name);
      await apiCall(fixture, "DELETE", `${bindings}/${name}`);
    };
    const label = (team: string | null): Promise<unknown> =>
      apiCall(fixture, "PATCH", `/api/v1/namespaces/${bench.namespace}`, { metadata: { labels: { team } } });
    /** Bindings that the sensor says hold for the pod. */
    const bound = async (sensor: SensorProcess, workload: ShopWorkload): Promise<unknown> => {
      const { text } = await sensor.debug(`/debug/containers?namespace=${workload.namespace}&pod=${workload.podName}`);
      const { containers } = JSON.parse(text) as {
        readonly containers: readonly { readonly containerId: string; readonly bindings?: unknown }[];
      };
      return containers.find(({ containerId }) => containerId === workload.containerId)?.bindings;
    };
    const isBound = (sensor: SensorProcess, workload: ShopWorkload, ...names: readonly string[]): Promise<unknown> =>
      isBoundWithin(10_000, sensor, workload, ...names);
    const isBoundWithin = (
      timeoutMs: number,
      sensor: SensorProcess,
      workload: ShopWorkload,
      ...names: readonly string[]
    ): Promise<unknown> => {
      let last: unknown;
      return waitFor(async () => JSON.stringify((last = await bound(sensor, workload))) === JSON.stringify(names), {
        describe: () => `the bindings ${names.join(", ")}; they are ${JSON.stringify(last)}`,
        timeoutMs,
      });
    };
    const rulesOf = async (
      sensor: SensorProcess,
      workload: ShopWorkload,
      binary: string,
    ): Promise<readonly string[]> => {
      const { line, execId } = executes(workload, binary);
      const judged = 'kinglet_sensor_executions_total{outcome="judged"}';
      const before = await sensor.metric(judged).catch(() => 0);
      await bench.events.write(line);
      await waitFor(
        async () =>
          (await sensor.metric(judged)) > before && (await sensor.metric("kinglet_runtime_events_open")) === 0,
        { describe: "the execution to be judged", timeoutMs: 20_000 },
      );
      const alerts = sensor.alerts().filter(({ process }) => process.execId === execId);
      return alerts.map(({ ruleId }) => ruleId).toSorted();
    };

    it("follows labels of namespaces while a binding goes by them, and a change of labels changes what holds [bindings E-1]", async () => {
      const cart = await addWorkload(fixture, bench.namespace, "cart");
      await bind("named", { matchLabels: { "kubernetes.io/metadata.name": bench.namespace } }, "R1000");
      await using sensor = await bench.start();
      await bench.active(sensor, cart);
      await isBound(sensor, cart, "named");
      expect(await rulesOf(sensor, cart, "/dev/shm/x")).toEqual(["R1000"]);
      expect(await askedForNamespaces(sensor)).toEqual([]);

      await bind("team-a", { matchLabels: { team: "a" } }, "R0001");
      await waitFor(async () => (await askedForNamespaces(sensor)).length === 2, { describe: "a list and a watch" });
      expect(await rulesOf(sensor, cart, "/dev/shm/x")).toEqual(["R1000"]);
      await label("a");
      await isBound(sensor, cart, "named", "team-a");
      expect(await rulesOf(sensor, cart, "/dev/shm/x")).toEqual(["R0001", "R1000"]);
      await label("b");
      await isBound(sensor, cart, "named");
      expect(await rulesOf(sensor, cart, "/dev/shm/x")).toEqual(["R1000"]);

      await unbind("team-a");
      await isBound(sensor, cart, "named");
      // It comes back with what is there then.
      await label("a");
      await bind("team-not-b", { matchExpressions: [{ key: "team", operator: "NotIn", values: ["b"] }] }, "R0001");
      await isBound(sensor, cart, "named", "team-not-b");
      expect(await rulesOf(sensor, cart, "/dev/shm/x")).toEqual(["R0001", "R1000"]);
      await label(null);
      expect(await rulesOf(sensor, cart, "/dev/shm/x")).toEqual(["R0001", "R1000"]);
      await label("b");
      await isBound(sensor, cart, "named");
    });

    it("knows the labels before it judges the first event [bindings E-2]", async () => {
      await label("a");
      const cart = await addWorkload(fixture, bench.namespace, "cart");
      await bind("team-a", { matchLabels: { team: "a" } }, "R0001");
      const first = executes(cart, "/usr/bin/nc");
      await bench.events.write(first.line);
      await using sensor = await bench.start();
      await sensor.alert(({ process }) => process.execId === first.execId, "for what was there before");
    });

    if (refuseNamespaces !== undefined) {
      it("has bindings hold where they could while the labels may not be listed, says so, and ends that by itself [bindings E-3]", async () => {
        await label("b");
        const cart = await addWorkload(fixture, bench.namespace, "cart");
        const there = { "kubernetes.io/metadata.name": "elsewhere" };
        await bind("team-a", { matchLabels: { team: "a" } }, "R0001");
        await bind("team-a-elsewhere", { matchLabels: { team: "a", ...there } }, "R1000");
        const permit = refuseNamespaces(fixture);
        await using sensor = await bench.start();
        await bench.active(sensor, cart);
        expect(await rulesOf(sensor, cart, "/dev/shm/x")).toEqual(["R0001"]);
        const assumed = `team-a (the labels of namespace ${bench.namespace} are not known)`;
        await isBound(sensor, cart, assumed);
        const gauge = "kinglet_sensor_bindings_without_namespace_labels";
        expect(await sensor.metric(gauge)).toBe(2);
        const { text: rules } = await sensor.debug("/debug/rules");
        expect(JSON.parse(rules)).toMatchObject({
          problems: { "labels of namespaces": [expect.stringMatching(/could select: team-a, team-a-elsewhere: /)] },
        });
        expect((await sensor.http("/readyz")).status).toBe(200);
        expect(await rulesOf(sensor, cart, "/dev/shm/y")).toEqual(["R0001"]);
        expect(sensor.stderr().match(/bindings that go by them hold for every namespace/g)).toHaveLength(1);

        permit();
        await isBoundWithin(60_000, sensor, cart);
        expect(await sensor.metric(gauge)).toBe(0);
        expect(await rulesOf(sensor, cart, "/dev/shm/z")).toEqual([]);
        await label("a");
        await isBound(sensor, cart, "team-a");
      });
    }
  });
}

interface BindingsSuiteOptions<T extends ClusterFixture> {
  readonly isSkipped?: boolean;
  readonly refuseNamespaces?: (fixture: T) => () => void;
}

/** Requests for namespaces, as `verb`. */
async function askedForNamespaces(sensor: SensorProcess): Promise<readonly string[]> {
  const { text } = await sensor.http("/metrics");
  return text
    .split("\n")
    .filter((row) => row.startsWith("kinglet_kube_requests_total{") && row.includes('resource="namespaces"'))
    .map((row) => /verb="(\w+)"/.exec(row)?.[1] ?? "")
    .toSorted();
}
