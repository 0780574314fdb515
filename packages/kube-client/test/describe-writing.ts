import { hasCode } from "@kinglet/errors";
import { waitFor } from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addFinalizer,
  applyObject,
  createGenerated,
  deleteObject,
  EventRecorder,
  events,
  leases,
  patchStatus,
  removeFinalizer,
  runAsLeader,
  updateObject,
  type FinalizedObject,
} from "../src/controller/index.ts";
import {
  createApiDiscovery,
  createKubeClient,
  customResourceDefinitions,
  deployments,
  namespaces,
  type KubeClient,
  type KubeObject,
  type ResourceDefinition,
} from "../src/index.ts";
import type { InformerServer } from "./describe-informer.ts";

const configMaps: ResourceDefinition = {
  ...{ group: "", version: "v1", plural: "configmaps" },
  ...{ kind: "ConfigMap", namespaced: true },
};
const clusterRoles: ResourceDefinition = {
  ...{ group: "rbac.authorization.k8s.io", version: "v1", plural: "clusterroles" },
  ...{ kind: "ClusterRole", namespaced: false },
};
const widgets: ResourceDefinition = {
  ...{ group: "writing.kinglet.dev", version: "v1", plural: "widgets" },
  ...{ kind: "Widget", namespaced: true },
};

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const namespace = "writing";

function configMap(name: string, data: Record<string, string> = {}) {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data };
}

function deployment(name: string, replicas: number) {
  const labels = { app: name };
  return {
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace } },
    spec: {
      ...{ replicas, selector: { matchLabels: labels } },
      template: { metadata: { labels }, spec: { containers: [{ name: "app", image: "app:1" }] } },
    },
  };
}

const widgetDefinition = {
  ...{ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" },
  metadata: { name: `${widgets.plural}.${widgets.group}` },
  spec: {
    ...{ group: widgets.group, scope: "Namespaced" },
    names: { plural: widgets.plural, singular: "widget", kind: widgets.kind },
    versions: [
      {
        ...{ name: "v1", served: true, storage: true, subresources: { status: {} } },
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "none",
    (error: unknown) => String((error as { readonly code?: unknown }).code).replace("KINGLET_ERR_KUBE_CLIENT_", ""),
  );
}

/** What writers and controllers rely on, on any API server. */
export function describeWriting(title: string, openServer: () => Promise<InformerServer>): void {
  describe(title, () => {
    let server: InformerServer;
    let client: KubeClient;

    beforeAll(async () => {
      server = await openServer();
      client = createKubeClient(server.access);
      await client.create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
      await client.create(customResourceDefinitions, widgetDefinition);
    });
    afterAll(async () => {
      await client?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
    });

    it("lets two writers change one object without losing a change [client M1]", async () => {
      await client.create(configMaps, configMap("shared"));
      const write = async (writer: string): Promise<void> => {
        for (let round = 0; round < 5; round++) {
          const key = `${writer}-${String(round)}`;
          await updateObject<ConfigMap>(
            client,
            configMaps,
            "shared",
            (current) => ({ ...current, data: { ...current.data, [key]: "1" } }),
            { namespace, attempts: 30 },
          );
        }
      };
      await Promise.all([write("one"), write("two"), write("three")]);
      const { data, metadata } = await client.get<ConfigMap>(configMaps, "shared", { namespace });
      expect(Object.keys(data ?? {})).toHaveLength(15);
      const stale = { ...configMap("shared"), metadata: { ...configMap("shared").metadata, resourceVersion: "1" } };
      expect(await codeOf(client.replace(configMaps, stale))).toBe("CONFLICT");
      const patch = { metadata: { resourceVersion: "1" }, data: { late: "1" } };
      expect(await codeOf(client.patch(configMaps, "shared", patch, { namespace, type: "merge" }))).toBe("CONFLICT");
      const unchanged = await updateObject<ConfigMap>(client, configMaps, "shared", () => undefined, { namespace });
      expect(unchanged.metadata.resourceVersion).toBe(metadata.resourceVersion);
    });

    it("applies fields per manager: conflicts name the owner, force takes over, what is left out goes [client M2]", async () => {
      const apply = (fieldManager: string, data: Record<string, string>, force = false): Promise<ConfigMap> =>
        applyObject(client, configMaps, configMap("applied", data), { fieldManager, force });
      expect((await apply("one", { a: "1", b: "1" })).data).toEqual({ a: "1", b: "1" });
      const conflict = await apply("two", { a: "2" }).catch((error: unknown) => error);
      expect(hasCode(conflict, "KINGLET_ERR_KUBE_CLIENT_CONFLICT")).toBe(true);
      expect(JSON.stringify((conflict as { details?: unknown }).details)).toMatch(
        /FieldManagerConflict.*one.*\.data\.a/,
      );
      expect((await apply("two", { a: "2" }, true)).data).toEqual({ a: "2", b: "1" });
      expect((await apply("one", { c: "1" })).data).toEqual({ a: "2", c: "1" });
      expect((await apply("two", {})).data).toEqual({ c: "1" });
      await expect(apply("", {})).rejects.toThrow(/1 to 128 printable characters/);
      const read = await client.get<ConfigMap & { metadata: { name: string } }>(configMaps, "applied", { namespace });
      expect(JSON.stringify(read)).not.toContain("managedFields");
    });

    it("patches custom resources by merge and JSON patch; strategic is for built-in kinds [client M3]", async () => {
      const widget = {
        apiVersion: `${widgets.group}/v1`,
        kind: "Widget",
        metadata: { name: "w", namespace },
        spec: { a: [1], b: 1 },
      };
      await waitFor(async () => (await codeOf(client.create(widgets, widget))) !== "NOT_FOUND", {
        describe: "the definition",
      });
      const merged = await client.patch<{ spec: unknown }>(
        widgets,
        "w",
        { spec: { a: [2], b: null } },
        { namespace, type: "merge" },
      );
      expect(merged.spec).toEqual({ a: [2] });
      const patches = [
        { op: "test", path: "/spec/a/0", value: 2 },
        { op: "add", path: "/spec/c", value: 3 },
      ];
      expect(await client.patch<{ spec: unknown }>(widgets, "w", patches, { namespace, type: "json" })).toMatchObject({
        spec: { a: [2], c: 3 },
      });
      const failing = [{ op: "test", path: "/spec/a/0", value: 9 }];
      expect(await codeOf(client.patch(widgets, "w", failing, { namespace, type: "json" }))).toBe("INVALID");
      expect(await codeOf(client.patch(widgets, "w", {}, { namespace, type: "strategic" }))).toBe("UNSUPPORTED");
      await client.create(deployments, deployment("merged", 1));
      const strategic = { spec: { template: { spec: { containers: [{ name: "side", image: "side:1" }] } } } };
      const both = await client.patch(deployments, "merged", strategic, { namespace, type: "strategic" });
      expect(JSON.stringify(both)).toMatch(/"side".*"app:1"|"app:1".*"side"/);
      const tooMany = Array.from({ length: 10_001 }, () => ({ op: "test", path: "/kind", value: "ConfigMap" }));
      expect(await codeOf(client.patch(configMaps, "shared", tooMany, { namespace, type: "json" }))).not.toBe("none");
      const tooLarge = configMap("large", { a: "x".repeat(3 * 1024 * 1024 + 1) });
      expect(await codeOf(client.create(configMaps, tooLarge))).not.toBe("none");
    });

    it("refuses unknown fields when told to, and a dry run stores nothing [client M4]", async () => {
      const typo = { ...configMap("typo"), dataa: { a: "1" } };
      expect(await codeOf(client.create(configMaps, typo, { fieldValidation: "Strict" }))).toBe("INVALID");
      await client.create(configMaps, typo, { fieldValidation: "Strict" }).catch((error: unknown) => {
        expect((error as Error).message).toContain('unknown field "dataa"');
      });
      await client.create(configMaps, configMap("dry"), { dryRun: true });
      expect(await codeOf(client.get(configMaps, "dry", { namespace }))).toBe("NOT_FOUND");
    });

    it("deletes this incarnation only, and takes what is gone for deleted [client M5]", async () => {
      const first = await client.create<ConfigMap>(configMaps, configMap("again"));
      expect(await deleteObject(client, configMaps, "again", { namespace })).toBe(true);
      await client.create(configMaps, configMap("again"));
      const preconditions = { uid: first.metadata.uid };
      expect(await codeOf(deleteObject(client, configMaps, "again", { namespace, preconditions }))).toBe("CONFLICT");
      expect(await deleteObject(client, configMaps, "again", { namespace, propagationPolicy: "Foreground" })).toBe(
        true,
      );
      await waitFor(async () => !(await deleteObject(client, configMaps, "again", { namespace })), {
        describe: "the end of it",
      });
    });

    it("has names made by the server [client M6]", async () => {
      const made = await createGenerated<ConfigMap>(client, configMaps, {
        ...{ apiVersion: "v1", kind: "ConfigMap" },
        metadata: { generateName: `${"g".repeat(70)}-`, namespace },
      });
      expect(made.metadata.name).toMatch(/^g{58,70}-?[a-z0-9]{5}$/);
    });

    it("writes the status apart from the rest [client M7]", async () => {
      const created = await client.create<KubeObject>(deployments, deployment("status", 1));
      const written = await patchStatus<KubeObject & { status: unknown; spec: { replicas: number } }>(
        ...([client, deployments, created] as const),
        { observedGeneration: 1, replicas: 1 },
      );
      expect(written).toMatchObject({ status: { observedGeneration: 1, replicas: 1 }, spec: { replicas: 1 } });
      const patch = { spec: { replicas: 7 }, status: { replicas: 9 } };
      const both = await client.patch(deployments, "status", patch, {
        namespace,
        type: "merge",
        subresource: "status",
      });
      expect(both).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 9 } });
    });

    it("keeps the case of names, and encodes them [client M8]", async () => {
      const role = {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: "Kinglet:My Role" },
        rules: [],
      };
      await client.create(clusterRoles, role);
      expect(await client.get<KubeObject>(clusterRoles, "Kinglet:My Role")).toMatchObject({
        metadata: { name: "Kinglet:My Role" },
      });
      await client.delete(clusterRoles, "Kinglet:My Role");
    });

    it("keeps fields that no type knows through read, change and write [client M9]", async () => {
      const widget = {
        apiVersion: `${widgets.group}/v1`,
        kind: "Widget",
        metadata: { name: "m9", namespace },
        spec: { deep: { unheardOf: [{ of: 1 }] } },
      };
      await client.create(widgets, widget);
      const change = (current: KubeObject): KubeObject =>
        ({ ...current, spec: { ...(current as never as { spec: object }).spec, added: 1 } }) as KubeObject;
      const written = await updateObject<KubeObject>(client, widgets, "m9", change, { namespace });
      expect(written).toMatchObject({ spec: { deep: { unheardOf: [{ of: 1 }] }, added: 1 } });
    });

    it("finds out where kinds live, also of definitions that come later [client M10]", async () => {
      const discovery = createApiDiscovery(client);
      expect(await discovery.find({ kind: "Deployment" })).toMatchObject({
        ...deployments,
        subresources: expect.arrayContaining(["status", "scale"]),
      });
      expect(await discovery.find({ group: "", plural: "pods" })).toMatchObject({
        kind: "Pod",
        namespaced: true,
        shortNames: ["po"],
      });
      expect(await discovery.find({ kind: "Gadget" })).toBeUndefined();
      discovery.invalidate();
      expect(await discovery.find({ group: widgets.group, kind: "Widget" })).toMatchObject({
        ...widgets,
        singular: "widget",
      });
    });

    it("writes repetitions of an event as one object [client M11]", async () => {
      const stopping = new AbortController();
      const recorder = new EventRecorder({
        client,
        reportingController: "kinglet.dev/writing",
        reportingInstance: "writing-0",
      });
      const running = recorder.run({ signal: stopping.signal });
      const regarding = { apiVersion: "v1", kind: "ConfigMap", namespace, name: "shared" };
      for (let at = 0; at < 1000; at++)
        recorder.record({ regarding, type: "Warning", reason: "Tested", action: "Test", note: "again" });
      const fieldSelector = "regarding.name=shared,reason=Tested";
      await waitFor(async () => (await client.list(events, { namespace, fieldSelector })).items.length === 1, {
        describe: "the event",
      });
      stopping.abort();
      await running;
      const { items } = await client.list<{ series?: { count: number } }>(events, { namespace, fieldSelector });
      expect(items).toHaveLength(1);
    });

    it("holds an object until its finalizer is taken away [client M12]", async () => {
      const finalizer = "writing.kinglet.dev/held";
      const read = (): Promise<FinalizedObject> => client.get<FinalizedObject>(configMaps, "held", { namespace });
      await client.create(configMaps, configMap("held"));
      expect(await addFinalizer(client, configMaps, await read(), finalizer)).toBe(true);
      await client.delete(configMaps, "held", { namespace });
      const going = await read();
      expect(going.metadata.deletionTimestamp).toMatch(/Z$/);
      expect(await addFinalizer(client, configMaps, going, "writing.kinglet.dev/late")).toBe(false);
      await removeFinalizer(client, configMaps, going, finalizer);
      expect(await codeOf(read())).toBe("NOT_FOUND");
      await removeFinalizer(client, configMaps, going, finalizer);
    });

    it("lets one of two instances lead, and the next one after it has ended [client K5]", async () => {
      const log: string[] = [];
      const start = (identity: string): { stop: () => void; ended: Promise<void> } => {
        const stopping = new AbortController();
        const ended = runAsLeader(
          { client, namespace, name: "leader", identity, retryMs: 100, renewDeadlineMs: 1_500, leaseDurationMs: 2_000 },
          {
            signal: stopping.signal,
            lead: async (leading) => {
              log.push(identity);
              await new Promise((resolve) => leading.addEventListener("abort", resolve, { once: true }));
            },
          },
        );
        return { stop: () => stopping.abort(), ended };
      };
      const one = start("one");
      await waitFor(() => log.length === 1, { describe: "a leader" });
      const two = start("two");
      one.stop();
      await one.ended;
      await waitFor(() => log.length === 2, { describe: "the next leader" });
      expect(log).toEqual(["one", "two"]);
      expect(await client.get(leases, "leader", { namespace })).toMatchObject({
        spec: { holderIdentity: "two", leaseTransitions: 1 },
      });
      two.stop();
      await two.ended;
      expect(await client.get(leases, "leader", { namespace })).toMatchObject({ spec: { leaseDurationSeconds: 1 } });
    });
  });
}
