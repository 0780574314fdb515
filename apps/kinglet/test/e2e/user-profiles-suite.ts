import { containerSlug, podSpecHash } from "@kinglet/profile";
import {
  apiCall,
  containerProfileObject,
  containerProfilesPath,
  openTempDir,
  TetragonLineWriter,
  waitFor,
  type ClusterFixture,
  type TempDir,
} from "@kinglet/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SensorProcess } from "./sensor-process.ts";
import {
  addRun,
  addWorkload,
  executes,
  nodeName,
  permitted,
  prepareShop,
  profileNameOf,
  type ShopWorkload,
} from "./shop.ts";

/** One row of `GET /debug/containers`. */
interface ContainerRow {
  readonly containerId: string;
  readonly state: string;
  readonly profile: string;
  readonly origin: string;
  readonly reason: string;
  readonly bytes: number;
}

const group = "spdx.softwarecomposition.kubescape.io/v1beta1";
const label = "kubescape.io/user-defined-profile";
const curl = "/usr/bin/curl";

/** What people write beside what was learned, and the names of CronJobs' profiles, through the built program on whatever API server `open` gives. */
export function userProfilesSuite(title: string, open: () => Promise<ClusterFixture>, isSkipped = false): void {
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
      namespace = `user-profiles-${String(tests)}`;
      folder = await openTempDir("kinglet e2e ");
      events = new TetragonLineWriter(folder.file("tetragon.log"));
      await events.write();
      await prepareShop(fixture, namespace);
    });
    afterEach(async () => {
      await events.close();
      await folder[Symbol.asyncDispose]();
    });

    it.each([
      { how: "fetching again", args: [] },
      { how: "watching", args: ["--profile-watch"] },
    ])("takes overlays of a workload (ug-) as they come, change and go, by $how", async ({ args }) => {
      const cart = await addWorkload(fixture, namespace, "cart");
      await using sensor = await startSensor(...args);
      expect(await isAlertedOn(sensor, cart, curl)).toBe(true);
      const name = "ug-replicaset-cart-7d9f6c5b48";
      const peer = { identifier: "db", type: "internal", ipAddress: "10.0.0.7", dnsNames: ["db.shop.svc."] };
      await addObject("NetworkNeighborhood", name, { containers: [{ name: "app", egress: [peer] }] });
      const { bytes } = await row(sensor, cart, ({ origin }) => origin === "learned with overlays");
      await addApplicationProfile(name, { app: [curl] });
      await row(sensor, cart, (changed) => changed.bytes > bytes);
      expect(await isAlertedOn(sensor, cart, curl)).toBe(false);
      expect(await isAlertedOn(sensor, cart, "/usr/bin/nc")).toBe(true);
      await apiCall(fixture, "PATCH", path("applicationprofiles", name), {
        spec: { containers: [{ name: "app", execs: [{ path: "/usr/bin/nc", args: ["/usr/bin/nc"] }] }] },
      });
      await waitFor(() => isAlertedOn(sensor, cart, curl), { describe: "the changed overlay", timeoutMs: 20_000 });
      expect(await isAlertedOn(sensor, cart, "/usr/bin/nc")).toBe(false);
      await apiCall(fixture, "DELETE", path("applicationprofiles", name));
      await apiCall(fixture, "DELETE", path("networkneighborhoods", name));
      await row(sensor, cart, ({ origin }) => origin === "learned");
      expect(await isAlertedOn(sensor, cart, curl)).toBe(true);
    });

    it("takes the overlay that the pod's label names", async () => {
      const cart = await addWorkload(fixture, namespace, "cart", { labels: { [label]: "by-hand" } });
      await addApplicationProfile("by-hand", { app: [curl], other: ["/usr/bin/nc"] });
      await using sensor = await startSensor();
      expect(await row(sensor, cart, ({ state }) => state === "active")).toMatchObject({
        origin: "learned with overlays",
        profile: profileNameOf(cart),
      });
      expect(await isAlertedOn(sensor, cart, curl)).toBe(false);
      // What another container of the document may run is nothing to this one.
      expect(await isAlertedOn(sensor, cart, "/usr/bin/nc")).toBe(true);
    });

    it("takes the authored profile that the label names instead of the learned one, and goes back when it is gone", async () => {
      const cart = await addWorkload(fixture, namespace, "cart", { labels: { [label]: "by-hand" } });
      const { metadata, ...authored } = containerProfileObject({ name: "by-hand-app", namespace, execs: [curl] });
      await apiCall(fixture, "POST", containerProfilesPath(namespace), {
        ...authored,
        metadata: { ...metadata, annotations: {} },
      });
      await using sensor = await startSensor();
      expect(await row(sensor, cart, ({ state }) => state === "active")).toMatchObject({
        origin: "authored",
        profile: "by-hand-app",
      });
      expect(await isAlertedOn(sensor, cart, curl)).toBe(false);
      expect(await isAlertedOn(sensor, cart, permitted[0]!)).toBe(true);
      await apiCall(fixture, "DELETE", `${containerProfilesPath(namespace)}/by-hand-app`);
      await row(sensor, cart, ({ origin }) => origin === "learned");
      expect(await isAlertedOn(sensor, cart, permitted[0]!)).toBe(false);
    });

    it("says that a label names nothing", async () => {
      const cart = await addWorkload(fixture, namespace, "cart", { hasProfile: false, labels: { [label]: "nobody" } });
      await using sensor = await startSensor();
      const unbound = await row(sensor, cart, ({ state }) => state === "unbound");
      expect(unbound.reason).toContain("nobody");
    });

    it("judges each run of a CronJob by the profile that all of them share", async () => {
      const first = await addRun(fixture, namespace, "backup-28000000");
      const stored = (await apiCall(fixture, "GET", podPath(first.podName))) as { readonly spec: unknown };
      const name = containerSlug({
        apiVersion: "batch/v1",
        namespace,
        kind: "Job",
        name: `backup-${podSpecHash(stored.spec)}`,
        containerType: "containers",
        containerName: "app",
      });
      await apiCall(
        fixture,
        "POST",
        containerProfilesPath(namespace),
        containerProfileObject({ name, namespace, execs: permitted }),
      );
      await using sensor = await startSensor();
      const second = await addRun(fixture, namespace, "backup-28000060");
      for (const run of [first, second]) {
        expect(await row(sensor, run, ({ state }) => state === "active")).toMatchObject({ profile: name });
        expect(await isAlertedOn(sensor, run, permitted[0]!)).toBe(false);
        expect(await isAlertedOn(sensor, run, "/usr/bin/nc")).toBe(true);
      }
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

    /** Waits until the rules have seen an execution, and says whether it raised an alert. */
    async function isAlertedOn(sensor: SensorProcess, workload: ShopWorkload, binary: string): Promise<boolean> {
      const { line, execId } = executes(workload, binary);
      const judged = (): Promise<number> => sensor.metric('kinglet_sensor_executions_total{outcome="judged"}');
      const before = await judged();
      await events.write(line);
      await waitFor(async () => (await judged()) > before, { describe: `the execution of ${binary} to be judged` });
      await waitFor(async () => (await sensor.metric("kinglet_runtime_events_open")) === 0, {
        describe: "its alerts to have left",
      });
      return sensor.alerts().some((alert) => alert.process.execId === execId);
    }

    async function row(
      sensor: SensorProcess,
      workload: ShopWorkload,
      fits: (row: ContainerRow) => boolean,
    ): Promise<ContainerRow> {
      let found: ContainerRow | undefined;
      await waitFor(
        async () => {
          const { text } = await sensor.debug("/debug/containers");
          const { containers } = JSON.parse(text) as { readonly containers: readonly ContainerRow[] };
          found = containers.find(({ containerId }) => containerId === workload.containerId);
          return found !== undefined && fits(found);
        },
        { describe: () => `a state of the container; it is ${JSON.stringify(found)}`, timeoutMs: 20_000 },
      );
      return found!;
    }

    function addApplicationProfile(name: string, execs: Readonly<Record<string, readonly string[]>>): Promise<unknown> {
      const containers = Object.entries(execs).map(([container, paths]) => ({
        name: container,
        execs: paths.map((one) => ({ path: one, args: [one] })),
      }));
      return addObject("ApplicationProfile", name, { containers });
    }

    function addObject(kind: string, name: string, spec: object): Promise<unknown> {
      const object = { apiVersion: group, kind, metadata: { name, namespace }, spec };
      return apiCall(fixture, "POST", path(`${kind.toLowerCase()}s`), object);
    }

    function path(plural: string, name?: string): string {
      const collection = `/apis/${group}/namespaces/${namespace}/${plural}`;
      return name === undefined ? collection : `${collection}/${name}`;
    }

    function podPath(name: string): string {
      return `/api/v1/namespaces/${namespace}/pods/${name}`;
    }
  });
}
