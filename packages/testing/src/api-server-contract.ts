import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiCall, apiRequest } from "./api-request.ts";
import { openApiWatch } from "./api-watch.ts";
import type { ClusterFixture } from "./cluster-fixture.ts";
import { containerProfileObject, containerProfilesPath } from "./container-profile-object.ts";
import { createNamespace, createPod, deletePod } from "./create-pod.ts";
import { installCrds } from "./install-crds.ts";
import { podObject } from "./pod-object.ts";
import { waitFor } from "./wait-for.ts";
import { deploymentObject } from "./workload-objects.ts";

const NAMESPACE = "contract";
const CONFIG_MAPS = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
const DEPLOYMENTS = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`;

function configMap(name: string, labels: Readonly<Record<string, string>> = {}, value = "0"): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels }, data: { value } };
}

/**
 * What Kinglet relies on in an API server; the simulator and the real one give the same answers.
 *
 * @param name - of the server, for the report.
 * @param open - starts a server without objects of its own in the namespace `contract`.
 */
export function describeApiServer(name: string, open: () => Promise<ClusterFixture>): void {
  describe(name, () => {
    let cluster: ClusterFixture;
    beforeAll(async () => {
      cluster = await open();
      await createNamespace(cluster, NAMESPACE);
    }, 60_000);
    afterAll(() => cluster[Symbol.asyncDispose](), 60_000);
    describeWrites(() => cluster);
    describeLists(() => cluster);
    describeWatches(() => cluster);
    describePods(() => cluster);
    describeProfiles(() => cluster);
  });
}

function describeWrites(cluster: () => ClusterFixture): void {
  describe("writes", () => {
    it("refuses a second object of the same name, one in a missing namespace, and a stale update", async () => {
      const first = await apiCall(cluster(), "POST", CONFIG_MAPS, configMap("twice"));
      const again = await apiRequest(cluster(), "POST", CONFIG_MAPS, configMap("twice"));
      expect([again.status, again.body.reason]).toEqual([409, "AlreadyExists"]);
      const nowhere = await apiRequest(cluster(), "POST", "/api/v1/namespaces/nowhere/configmaps", configMap("a"));
      expect([nowhere.status, nowhere.body.message]).toEqual([404, 'namespaces "nowhere" not found']);
      const path = `${CONFIG_MAPS}/twice`;
      await apiCall(cluster(), "PATCH", path, { data: { value: "1" } });
      const stale = await apiRequest(cluster(), "PUT", path, { ...first, data: { value: "2" } });
      expect([stale.status, stale.body.reason, stale.body.details]).toEqual([
        409,
        "Conflict",
        { name: "twice", kind: "configmaps" },
      ]);
    });

    it("keeps the version of an object that a write does not change", async () => {
      const created = await apiCall(cluster(), "POST", CONFIG_MAPS, configMap("same"));
      const patched = await apiCall(cluster(), "PATCH", `${CONFIG_MAPS}/same`, { data: { value: "0" } });
      expect(patched.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
    });

    it("counts specification changes, keeps status apart, and merges containers by name", async () => {
      const created = await apiCall(
        cluster(),
        "POST",
        DEPLOYMENTS,
        deploymentObject({ name: "web", namespace: NAMESPACE }),
      );
      expect(created.metadata.generation).toBe(1);
      const path = `${DEPLOYMENTS}/web`;
      const side = { spec: { template: { spec: { containers: [{ name: "side", image: "side:1" }] } } } };
      const patched = await apiCall(cluster(), "PATCH", path, side, "application/strategic-merge-patch+json");
      expect(patched.spec.template.spec.containers.map((container: { name: string }) => container.name)).toEqual([
        "side",
        "app",
      ]);
      expect(patched.metadata.generation).toBe(2);
      const ignored = await apiCall(cluster(), "PATCH", path, { status: { replicas: 5 } });
      expect(ignored.metadata.generation).toBe(2);
      expect(ignored.status.replicas).toBeUndefined();
      const status = await apiCall(cluster(), "PATCH", `${path}/status`, { status: { observedGeneration: 2 } });
      expect(status.status.observedGeneration).toBe(2);
      expect(status.metadata.generation).toBe(2);
    });

    it("keeps an object with finalizers until the last one is gone", async () => {
      const held = { ...configMap("held"), metadata: { name: "held", finalizers: ["kinglet.dev/hold"] } };
      await apiCall(cluster(), "POST", CONFIG_MAPS, held);
      const marked = await apiCall(cluster(), "DELETE", `${CONFIG_MAPS}/held`);
      expect(marked.metadata.deletionTimestamp).toMatch(/^\d{4}-\d\d-\d\dT/);
      await apiCall(cluster(), "PATCH", `${CONFIG_MAPS}/held`, { metadata: { finalizers: null } });
      expect((await apiRequest(cluster(), "GET", `${CONFIG_MAPS}/held`)).status).toBe(404);
    });

    it("empties a deleted namespace", async () => {
      await createNamespace(cluster(), "doomed");
      await apiCall(cluster(), "POST", "/api/v1/namespaces/doomed/configmaps", configMap("a"));
      const deleted = await apiCall(cluster(), "DELETE", "/api/v1/namespaces/doomed");
      expect(deleted.status.phase).toBe("Terminating");
      const late = await apiRequest(cluster(), "POST", "/api/v1/namespaces/doomed/configmaps", configMap("b"));
      expect(late.status).toBe(403);
      const gone = async (): Promise<boolean> =>
        (await apiRequest(cluster(), "GET", "/api/v1/namespaces/doomed")).status === 404;
      await waitFor(gone, { describe: "namespace doomed to be gone", timeoutMs: 30_000, intervalMs: 100 });
    }, 40_000);
  });
}

function describeLists(cluster: () => ClusterFixture): void {
  describe("lists", () => {
    beforeAll(async () => {
      for (let index = 0; index < 5; index++) {
        const labels = { group: "paged", parity: index % 2 === 0 ? "even" : "odd" };
        await apiCall(cluster(), "POST", CONFIG_MAPS, configMap(`paged-${index}`, labels));
      }
    });

    const namesOf = (list: { items: { metadata: { name: string } }[] }): string[] =>
      list.items.map((item) => item.metadata.name);

    it("goes on from a continue token at the version of the first page", async () => {
      const query = `${CONFIG_MAPS}?labelSelector=group%3Dpaged&limit=3`;
      const first = await apiCall(cluster(), "GET", query);
      await apiCall(cluster(), "DELETE", `${CONFIG_MAPS}/paged-4`);
      const token = encodeURIComponent(first.metadata.continue);
      const second = await apiCall(cluster(), "GET", `${query}&continue=${token}`);
      expect([...namesOf(first), ...namesOf(second)]).toEqual([0, 1, 2, 3, 4].map((index) => `paged-${index}`));
      expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
      expect(second.metadata.continue ?? "").toBe("");
      expect(first.items[0].kind).toBeUndefined();
    });

    it("selects by labels and fields, and refuses fields it does not know", async () => {
      const selector = encodeURIComponent("group=paged,parity notin (odd)");
      const even = await apiCall(
        cluster(),
        "GET",
        `${CONFIG_MAPS}?labelSelector=${selector}&fieldSelector=metadata.name!%3Dpaged-0`,
      );
      expect(namesOf(even)).toEqual(["paged-2"]);
      const unknown = await apiRequest(cluster(), "GET", `${PODS}?fieldSelector=spec.foo%3D1`);
      expect([unknown.status, unknown.body.message]).toEqual([400, "field label not supported: spec.foo"]);
    });

    it("answers 504 for a version that does not exist yet and 422 for forbidden combinations", async () => {
      const future = await apiRequest(cluster(), "GET", `${CONFIG_MAPS}?resourceVersion=999999999`);
      expect([future.status, future.body.reason, future.body.details.causes[0].reason]).toEqual([
        504,
        "Timeout",
        "ResourceVersionTooLarge",
      ]);
      const match = await apiRequest(cluster(), "GET", `${CONFIG_MAPS}?resourceVersionMatch=Exact`);
      expect([match.status, match.body.reason]).toEqual([422, "Invalid"]);
    }, 10_000);
  });
}

function describeWatches(cluster: () => ClusterFixture): void {
  describe("watches", () => {
    it("tells of every change after a version, and of objects entering and leaving the selector", async () => {
      const list = await apiCall(cluster(), "GET", CONFIG_MAPS);
      const version = list.metadata.resourceVersion as string;
      using watch = await openApiWatch(
        cluster(),
        `${CONFIG_MAPS}?watch=true&resourceVersion=${version}&labelSelector=t%3D1`,
      );
      const path = `${CONFIG_MAPS}/moving`;
      await apiCall(cluster(), "POST", CONFIG_MAPS, configMap("moving", { t: "1" }));
      await apiCall(cluster(), "PATCH", path, { data: { value: "1" } });
      const left = await apiCall(cluster(), "PATCH", path, { data: { value: "2" }, metadata: { labels: { t: "2" } } });
      await apiCall(cluster(), "PATCH", path, { metadata: { labels: { t: "1" } } });
      await apiCall(cluster(), "DELETE", path);
      const events = await watch.waitForEvents(5);
      expect(events.map((event) => [event.type, event.object.data.value])).toEqual([
        ["ADDED", "0"],
        ["MODIFIED", "1"],
        ["DELETED", "1"],
        ["ADDED", "2"],
        ["DELETED", "2"],
      ]);
      expect(events[2]?.object.metadata.resourceVersion).toBe(left.metadata.resourceVersion);
    });

    it("closes a streaming list with the annotated bookmark", async () => {
      await apiCall(cluster(), "POST", CONFIG_MAPS, configMap("streamed", { s: "1" }));
      const query = "watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan";
      using watch = await openApiWatch(cluster(), `${CONFIG_MAPS}?${query}&labelSelector=s`);
      const events = await watch.waitForEvents(2);
      expect(events.map((event) => event.type)).toEqual(["ADDED", "BOOKMARK"]);
      expect(events[1]?.object.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });
    });

    it("ends after timeoutSeconds", async () => {
      using watch = await openApiWatch(cluster(), `${CONFIG_MAPS}?watch=true&timeoutSeconds=1&labelSelector=none`);
      await waitFor(() => watch.isEnded, { describe: "the watch to end" });
      expect(watch.events).toEqual([]);
    });
  });
}

function describePods(cluster: () => ClusterFixture): void {
  describe("pods", () => {
    it("selects the pods of a node at the server and deletes with a grace period", async () => {
      const here = podObject({ name: "here", namespace: NAMESPACE, nodeName: "node-here" });
      const stored = await createPod(cluster(), here);
      expect(stored.status["containerStatuses"]).toMatchObject(here.status["containerStatuses"] as object[]);
      await createPod(cluster(), podObject({ name: "there", namespace: NAMESPACE, nodeName: "node-there" }));
      const list = await apiCall(cluster(), "GET", "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-here");
      expect(list.items.map((pod: { metadata: { name: string } }) => pod.metadata.name)).toEqual(["here"]);
      const terminating = await apiCall(cluster(), "DELETE", `${PODS}/here`);
      expect(terminating.metadata.deletionGracePeriodSeconds).toBe(30);
      await deletePod(cluster(), NAMESPACE, "here");
      expect((await apiRequest(cluster(), "GET", `${PODS}/here`)).status).toBe(404);
    }, 20_000);
  });
}

function describeProfiles(cluster: () => ClusterFixture): void {
  describe("container profiles", () => {
    it("serves the definitions of deploy/crds and keeps a profile as it was written", async () => {
      await installCrds(cluster());
      const profile = containerProfileObject({
        name: "replicaset-web-1-app-0000-0000",
        namespace: NAMESPACE,
        execs: ["/bin/sh", { path: "/usr/bin/curl", args: ["/usr/bin/curl", "-s"] }],
        spec: {
          syscalls: null,
          endpoints: [
            { endpoint: ":80/", methods: ["GET"], internal: false, direction: "inbound", headers: { Host: ["a"] } },
          ],
          rulePolicies: { R0001: { processAllowed: ["ls"], containerAllowed: false } },
          egress: [
            {
              identifier: "e",
              type: "external",
              dnsNames: ["kubernetes.io."],
              ports: [{ name: "TCP-443", protocol: "TCP", port: null }],
              podSelector: null,
              namespaceSelector: { matchLabels: { a: "b" } },
            },
          ],
          seccompProfile: { name: "p", spec: { defaultAction: "SCMP_ACT_ERRNO", syscalls: [{ names: ["read"] }] } },
          identifiedCallStacks: [
            { callID: "c", callStack: { root: { frame: { fileID: "1", lineno: "2" }, children: [{ children: [] }] } } },
          ],
          containers: [{ name: "app", execs: [{ path: "/bin/ls", args: ["ls"], argsRequired: true }] }],
        },
      });
      const path = containerProfilesPath(NAMESPACE);
      const created = await apiCall(cluster(), "POST", path, profile);
      expect(created.spec).toEqual(profile.spec);
      expect(created.metadata.generation).toBe(1);
      const list = await apiCall(cluster(), "GET", path);
      expect(list.kind).toBe("ContainerProfileList");
      expect(list.items[0].kind).toBe("ContainerProfile");
      const strategic = await apiRequest(
        cluster(),
        "PATCH",
        `${path}/${profile.metadata.name}`,
        {},
        "application/strategic-merge-patch+json",
      );
      expect(strategic.status).toBe(415);
      const status = await apiCall(cluster(), "PATCH", `${path}/${profile.metadata.name}/status`, { status: {} });
      expect(status.metadata.generation).toBe(1);
      const unversioned = await apiRequest(cluster(), "PUT", `${path}/${profile.metadata.name}`, profile);
      expect([unversioned.status, unversioned.body.message]).toEqual([
        422,
        `containerprofiles.spdx.softwarecomposition.kubescape.io "${profile.metadata.name}" is invalid: ` +
          "metadata.resourceVersion: Invalid value: 0: must be specified for an update",
      ]);
    }, 30_000);
  });
}
