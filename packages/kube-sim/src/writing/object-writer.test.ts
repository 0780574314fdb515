import { ManualClock } from "@kinglet/lifecycle";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rawRequest, type RawAnswer } from "../../test/raw-request.ts";
import { openKubeSim, type KubeSim } from "../index.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const PODS = "/api/v1/namespaces/default/pods";
const LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases";

describe("ObjectWriter", () => {
  let clock: ManualClock;
  let sim: KubeSim;
  const send = (method: string, path: string, body?: unknown): Promise<RawAnswer> =>
    rawRequest(sim, method, path, {
      body,
      headers: { "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json" },
    });
  beforeEach(async () => {
    clock = new ManualClock();
    sim = await openKubeSim({ clock, random: () => 0 });
  });
  afterEach(() => sim.stop());

  it("fills in identity, and a name when only its beginning is given [sim 4]", async () => {
    const { status, body } = await send("POST", CONFIG_MAPS, { metadata: { generateName: "gen-" } });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "gen-bbbbb", namespace: "default", creationTimestamp: "2026-01-01T00:00:00Z" },
    });
    expect(body.metadata.resourceVersion).toBe(sim.resourceVersion);
  });

  it.each([
    [{ metadata: {} }, 422, "metadata.name: Required value: name or generateName is required"],
    [{ metadata: { name: "Bad_Name" } }, 422, "a lowercase RFC 1123 subdomain must consist of"],
    [{ metadata: { name: "a", labels: { x: "not valid!" } } }, 422, "metadata.labels: Invalid value"],
    [{ metadata: { name: "a", labels: { x: 1 } } }, 400, "cannot unmarshal"],
    [{ metadata: { name: "a", namespace: "other" } }, 400, "the namespace of the provided object does not match"],
    [{ metadata: { name: "a", resourceVersion: "5" } }, 500, "resourceVersion should not be set"],
    [{ kind: "Secret", metadata: { name: "a" } }, 400, "cannot be handled as a ConfigMap"],
    ["{", 400, "json parse error"],
  ])("refuses %j with %i", async (body, status, message) => {
    const answer = await send("POST", CONFIG_MAPS, body);
    expect([answer.status, answer.body.code]).toEqual([status, status]);
    expect(answer.body.message).toContain(message);
  });

  it("stores nothing on a dry run", async () => {
    const dry = await send("POST", `${CONFIG_MAPS}?dryRun=All`, { metadata: { name: "dry" } });
    expect([dry.status, dry.body.metadata.resourceVersion]).toEqual([201, undefined]);
    expect((await send("GET", `${CONFIG_MAPS}/dry`)).status).toBe(404);
    await send("POST", CONFIG_MAPS, { metadata: { name: "wet" } });
    await send("DELETE", `${CONFIG_MAPS}/wet?dryRun=All`);
    expect((await send("GET", `${CONFIG_MAPS}/wet`)).status).toBe(200);
  });

  it("deletes only what the preconditions mean [sim 5]", async () => {
    const { body } = await send("POST", CONFIG_MAPS, { metadata: { name: "a" } });
    const path = `${CONFIG_MAPS}/a`;
    expect((await send("DELETE", path, { preconditions: { uid: "other" } })).status).toBe(409);
    expect((await send("DELETE", path, { preconditions: { resourceVersion: "1" } })).status).toBe(409);
    const { uid, resourceVersion } = body.metadata;
    const deleted = await send("DELETE", path, { preconditions: { uid, resourceVersion } });
    expect(deleted.body).toMatchObject({ kind: "Status", status: "Success", details: { name: "a", uid } });
  });

  it("keeps what clients may not change [sim 4]", async () => {
    const { body } = await send("POST", CONFIG_MAPS, { metadata: { name: "a" }, data: { k: "1" } });
    const stranger = { creationTimestamp: "2000-01-01T00:00:00Z", deletionTimestamp: "2000-01-01T00:00:00Z" };
    const answer = await send("PATCH", `${CONFIG_MAPS}/a`, { metadata: stranger, data: { k: "2" } });
    expect(answer.body.metadata).toMatchObject({ uid: body.metadata.uid, creationTimestamp: "2026-01-01T00:00:00Z" });
    expect(answer.body.metadata.deletionTimestamp).toBeUndefined();
    expect((await send("PATCH", `${CONFIG_MAPS}/a`, { metadata: { uid: "other" } })).status).toBe(422);
    expect((await send("PATCH", `${CONFIG_MAPS}/a`, { metadata: { name: "b" } })).status).toBe(400);
  });

  it("starts a pod as pending, changes its status only through its sub-resource, and ends it in its grace period [sim 12] [sim 13]", async () => {
    const spec = { nodeName: "n", containers: [{ name: "app", image: "app:1" }] };
    const created = await send("POST", PODS, { metadata: { name: "p" }, spec, status: { phase: "Running" } });
    expect(created.body).toMatchObject({ metadata: { generation: 1 }, status: { phase: "Pending" } });
    expect(created.body.spec.containers[0].imagePullPolicy).toBe("IfNotPresent");
    const running = await send("PATCH", `${PODS}/p/status`, { status: { phase: "Running" }, spec: { nodeName: "x" } });
    expect(running.body).toMatchObject({ spec: { nodeName: "n" }, status: { phase: "Running" } });
    const ending = await send("DELETE", `${PODS}/p`);
    expect(ending.body.metadata).toMatchObject({
      deletionTimestamp: "2026-01-01T00:00:30Z",
      deletionGracePeriodSeconds: 30,
      generation: 2,
    });
    const again = await send("DELETE", `${PODS}/p`);
    expect(again.body.metadata.resourceVersion).toBe(ending.body.metadata.resourceVersion);
    expect((await send("DELETE", `${PODS}/p`, { gracePeriodSeconds: 0 })).status).toBe(200);
    expect((await send("GET", `${PODS}/p`)).status).toBe(404);
  });

  it("ends a pod without a node at once", async () => {
    await send("POST", PODS, { metadata: { name: "p" }, spec: { containers: [{ name: "app", image: "app" }] } });
    expect((await send("DELETE", `${PODS}/p`)).body.kind).toBe("Pod");
    expect((await send("GET", `${PODS}/p`)).status).toBe(404);
  });

  it("asks for a version where the real server does, and creates a lease that is updated first", async () => {
    const lease = { metadata: { name: "l" }, spec: { holderIdentity: "one" } };
    expect((await send("PUT", `${LEASES}/l`, lease)).status).toBe(201);
    expect((await send("PUT", `${LEASES}/l`, lease)).status).toBe(422);
    expect((await send("PUT", `${CONFIG_MAPS}/none`, { metadata: { name: "none" } })).status).toBe(404);
  });

  it("holds a namespace until the finalizers of its contents are gone [sim 12]", async () => {
    await send("POST", "/api/v1/namespaces", { metadata: { name: "held" } });
    const path = "/api/v1/namespaces/held/configmaps";
    await send("POST", path, { metadata: { name: "a", finalizers: ["example.dev/hold"] } });
    await send("DELETE", "/api/v1/namespaces/held");
    await clock.advance(1000);
    expect((await send("GET", "/api/v1/namespaces/held")).body.status.phase).toBe("Terminating");
    await send("PATCH", `${path}/a`, { metadata: { finalizers: null } });
    await clock.advance(1000);
    expect((await send("GET", "/api/v1/namespaces/held")).status).toBe(404);
    expect((await send("DELETE", "/api/v1/namespaces/default")).status).toBe(403);
  });

  it("deletes the selected objects of a collection [sim 2]", async () => {
    await send("POST", CONFIG_MAPS, { metadata: { name: "a", labels: { x: "1" } } });
    await send("POST", CONFIG_MAPS, { metadata: { name: "b" } });
    const deleted = await send("DELETE", `${CONFIG_MAPS}?labelSelector=x%3D1`);
    expect(deleted.body.items).toHaveLength(1);
    expect(sim.list("configmaps").map((object) => object.metadata.name)).toEqual(["b"]);
  });
});
