import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rawRequest, rawWatch } from "../test/raw-request.ts";
import { openKubeSim, type KubeSim } from "./index.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const widgets = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.dev" },
  spec: {
    group: "example.dev",
    scope: "Namespaced",
    names: { plural: "widgets", kind: "Widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        selectableFields: [{ jsonPath: ".spec.color" }],
        schema: {
          openAPIV3Schema: {
            type: "object",
            "x-kubernetes-preserve-unknown-fields": true,
            properties: {
              spec: {
                type: "object",
                "x-kubernetes-preserve-unknown-fields": true,
                properties: { color: { type: "string" } },
              },
            },
          },
        },
      },
    ],
  },
};

describe("openKubeSim", () => {
  let sim: KubeSim;
  beforeEach(async () => {
    sim = await openKubeSim();
  });
  afterEach(() => sim.stop());

  it("serves HTTPS under its own authority and asks for a token", async () => {
    expect((await rawRequest(sim, "GET", "/readyz")).text).toBe("ok");
    expect((await rawRequest(sim, "GET", "/api/v1/pods")).body).toMatchObject({ kind: "PodList", items: [] });
    const unknown = await rawRequest(sim, "GET", "/api/v1/pods", { headers: { authorization: "Bearer wrong" } });
    expect([unknown.status, unknown.body.reason]).toEqual([401, "Unauthorized"]);
    const nobody = await rawRequest(sim, "GET", "/api/v1/pods", { headers: { authorization: "" } });
    expect([nobody.status, nobody.body.message]).toEqual([
      403,
      'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope',
    ]);
    expect((await rawRequest(sim, "GET", "/livez", { headers: { authorization: "" } })).status).toBe(200);
  });

  it("accepts the tokens of its table [sim 10]", async () => {
    await using other = await openKubeSim({ tokens: { secret: { name: "sensor" } }, adminToken: "admin" });
    expect(other.token).toBe("admin");
    const answer = await rawRequest(other, "GET", "/api/v1/pods", { headers: { authorization: "Bearer secret" } });
    expect(answer.status).toBe(200);
  });

  it("describes itself as a kubeconfig", () => {
    expect(sim.kubeconfig()).toMatchObject({
      "current-context": "kube-sim",
      clusters: [
        { cluster: { server: sim.server, "certificate-authority-data": Buffer.from(sim.caPem).toString("base64") } },
      ],
      users: [{ user: { token: sim.token } }],
    });
  });

  it("keeps port, data and certificates over a restart and drops every connection", async () => {
    sim.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "kept" }, data: { a: "1" } });
    const { server, caPem } = sim;
    using watch = await rawWatch(sim, `${CONFIG_MAPS}?watch=true`);
    expect((await watch.next()).object.metadata.name).toBe("kept");
    await sim.restart();
    expect(await watch.next()).toBeUndefined();
    expect([sim.server, sim.caPem]).toEqual([server, caPem]);
    expect((await rawRequest(sim, "GET", `${CONFIG_MAPS}/kept`)).body.data).toEqual({ a: "1" });
  });

  it("answers nothing after it was stopped", async () => {
    const port = Number(new URL(sim.server).port);
    await sim.stop();
    await sim.stop();
    await expect(sim.restart()).rejects.toMatchObject({ code: "KINGLET_ERR_KUBE_SIM_STOPPED" });
    const refused = await new Promise((resolve) => {
      connect(port, "127.0.0.1").once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    expect(refused).toBe("ECONNREFUSED");
  });

  it("says which port it cannot have", async () => {
    const port = Number(new URL(sim.server).port);
    await expect(openKubeSim({ port })).rejects.toMatchObject({
      code: "KINGLET_ERR_KUBE_SIM_LISTEN",
      details: { address: `127.0.0.1:${port}` },
    });
  });

  it("stores, lists and removes objects in process, with their status and their namespace", () => {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "a", namespace: "shop" },
      spec: { nodeName: "n", containers: [{ name: "app", image: "app:1" }] },
      status: { phase: "Running" },
    };
    const first = sim.apply(pod);
    expect(first.status).toEqual({ phase: "Running" });
    expect(first.metadata.generation).toBe(1);
    expect(sim.list("namespaces").map((namespace) => namespace.metadata.name)).toContain("shop");
    expect(sim.apply(pod).metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    const second = sim.apply({ ...pod, status: { phase: "Failed" } });
    expect(second.metadata.uid).toBe(first.metadata.uid);
    expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion));
    expect(sim.remove("pods", "shop", "a")).toBe(true);
    expect(sim.remove("pods", "shop", "a")).toBe(false);
    expect(sim.list("pods")).toEqual([]);
  });

  it("refuses objects it does not know or that are wrong", () => {
    const unknown = { apiVersion: "example.dev/v1", kind: "Widget", metadata: { name: "a" } };
    expect(() => sim.apply(unknown)).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_KUBE_SIM_UNKNOWN_RESOURCE" }),
    );
    expect(() => sim.list("widgets")).toThrow(
      expect.objectContaining({ code: "KINGLET_ERR_KUBE_SIM_UNKNOWN_RESOURCE" }),
    );
    const wrong = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "Not_A_Name" } };
    expect(() => sim.apply(wrong)).toThrow(expect.objectContaining({ code: "KINGLET_ERR_KUBE_SIM_INVALID_OBJECT" }));
  });

  it("serves a kind from the moment its definition is stored until the definition goes", async () => {
    const path = "/apis/example.dev/v1/namespaces/default/widgets";
    expect((await rawRequest(sim, "GET", path)).status).toBe(404);
    sim.apply(widgets);
    const red = { apiVersion: "example.dev/v1", kind: "Widget", metadata: { name: "red" }, spec: { color: "red" } };
    expect((await rawRequest(sim, "POST", path, { body: { ...red, status: { a: 1 } } })).body.status).toBeUndefined();
    const found = await rawRequest(sim, "GET", `${path}?fieldSelector=spec.color%3Dred`);
    expect(found.body.items).toMatchObject([{ kind: "Widget", apiVersion: "example.dev/v1" }]);
    const status = await rawRequest(sim, "PATCH", `${path}/red/status`, {
      body: { status: { ready: true }, spec: { color: "blue" } },
      headers: { "content-type": "application/merge-patch+json" },
    });
    expect(status.body).toMatchObject({ spec: { color: "red" }, status: { ready: true }, metadata: { generation: 1 } });
    using watch = await rawWatch(sim, `${path}?watch=true`);
    await watch.next();
    sim.remove("customresourcedefinitions.apiextensions.k8s.io", "", "widgets.example.dev");
    expect((await watch.next()).type).toBe("DELETED");
    expect(await watch.next()).toBeUndefined();
    expect((await rawRequest(sim, "GET", path)).status).toBe(404);
  });

  it("serves preinstalled kinds without a definition", async () => {
    const gadget = { group: "example.dev", version: "v1", plural: "gadgets", singular: "gadget", kind: "Gadget" };
    await using other = await openKubeSim({ extraResources: [{ ...gadget, namespaced: true, isCustom: true }] });
    other.apply({ apiVersion: "example.dev/v1", kind: "Gadget", metadata: { name: "g" } });
    const list = await rawRequest(other, "GET", "/apis/example.dev/v1/gadgets");
    expect(list.body.items).toHaveLength(1);
    expect(other.list("customresourcedefinitions.apiextensions.k8s.io")).toEqual([]);
  });

  it("remembers the last requests, bounded [sim 14]", async () => {
    await using other = await openKubeSim({ journalEntries: 3 });
    for (const name of ["a", "b", "c", "d", "e", "f", "g"]) {
      await rawRequest(other, "GET", `/api/v1/nodes/${name}?x=${name}`, { headers: { "user-agent": "test" } });
    }
    const entries = other.journal();
    expect(entries.map((entry) => entry.path)).toEqual(["/api/v1/nodes/e", "/api/v1/nodes/f", "/api/v1/nodes/g"]);
    expect(entries[0]).toMatchObject({ method: "GET", query: { x: "e" }, userAgent: "test", status: 404 });
    other.clearJournal();
    expect(other.journal()).toEqual([]);
  });

  it("counts versions beyond 2^53 [sim 1]", async () => {
    await using other = await openKubeSim({ firstResourceVersion: "18446744073709000000" });
    const first = await rawRequest(other, "POST", CONFIG_MAPS, { body: { metadata: { name: "a" } } });
    const second = await rawRequest(other, "POST", CONFIG_MAPS, { body: { metadata: { name: "b" } } });
    expect(BigInt(second.body.metadata.resourceVersion) - BigInt(first.body.metadata.resourceVersion)).toBe(1n);
    const page = await rawRequest(other, "GET", `${CONFIG_MAPS}?limit=1`);
    const rest = await rawRequest(other, "GET", `${CONFIG_MAPS}?limit=1&continue=${page.body.metadata.continue}`);
    expect(rest.body.items[0].metadata.name).toBe("b");
  });

  it("offers discovery in the old and the aggregated form [sim 8]", async () => {
    sim.apply(widgets);
    const groups = await rawRequest(sim, "GET", "/apis");
    expect(groups.body.groups.map((group: { name: string }) => group.name)).toContain("example.dev");
    const resources = await rawRequest(sim, "GET", "/apis/example.dev/v1");
    expect(resources.body.resources).toMatchObject([{ name: "widgets", kind: "Widget" }, { name: "widgets/status" }]);
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    const aggregated = await rawRequest(sim, "GET", "/apis", { headers: { accept } });
    expect(aggregated.headers["content-type"]).toBe(
      "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
    );
    expect(aggregated.body.kind).toBe("APIGroupDiscoveryList");
    expect((await rawRequest(sim, "GET", "/version")).body.major).toBe("1");
  });
});

describe("a long list", () => {
  it("reaches a client that reads slowly, whole and without a warning [sim 15]", async () => {
    await using sim = await openKubeSim();
    const value = "x".repeat(20_000);
    for (let index = 0; index < 400; index++) {
      sim.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `c${index}` }, data: { value } });
    }
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.message);
    process.on("warning", onWarning);
    const list = await rawRequest(sim, "GET", CONFIG_MAPS);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", onWarning);
    expect(list.body.items).toHaveLength(400);
    expect(warnings).toEqual([]);
  });
});
