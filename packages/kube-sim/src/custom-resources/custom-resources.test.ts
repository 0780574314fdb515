import { readFileSync } from "node:fs";
import { ManualClock } from "@kinglet/lifecycle";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { rawRequest } from "../../test/raw-request.ts";
import { openKubeSim, type KubeObjectInput, type KubeSim } from "../index.ts";

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const WIDGETS = "/apis/example.dev/v1/namespaces/default/widgets";

function definition(plural: string, kind: string, properties: object, more: object = {}): KubeObjectInput {
  const openAPIV3Schema = { type: "object", properties: { spec: { type: "object", properties } } };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.example.dev` },
    spec: {
      group: "example.dev",
      scope: "Namespaced",
      names: { plural, kind },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema }, ...more }],
    },
  };
}

describe("CustomResources", () => {
  let sim: KubeSim;
  beforeEach(async () => {
    sim = await openKubeSim();
  });
  afterEach(() => sim.stop());

  const post = (path: string, body: unknown): ReturnType<typeof rawRequest> => rawRequest(sim, "POST", path, { body });
  const widget = (name: string, spec: object): object => ({
    apiVersion: "example.dev/v1",
    kind: "Widget",
    metadata: { name },
    spec,
  });

  it("establishes a definition and forgets its objects when it goes [sim 9]", async () => {
    const created = await post(DEFINITIONS, definition("widgets", "Widget", { size: { type: "integer" } }));
    expect([created.status, created.body.status.conditions]).toEqual([201, null]);
    const stored = await rawRequest(sim, "GET", `${DEFINITIONS}/widgets.example.dev`);
    expect(
      stored.body.status.conditions.map(({ type, status }: Record<string, string>) => `${type}=${status}`),
    ).toEqual(["NamesAccepted=True", "Established=True"]);
    expect((await post(WIDGETS, widget("w", { size: 1 }))).status).toBe(201);
    expect(
      (await rawRequest(sim, "DELETE", `${DEFINITIONS}/widgets.example.dev`)).body.status.conditions.at(-1).reason,
    ).toBe("InstanceDeletionPending");
    await expect.poll(async () => (await rawRequest(sim, "GET", WIDGETS)).status).toBe(404);
    await post(DEFINITIONS, definition("widgets", "Widget", { size: { type: "integer" } }));
    await expect.poll(async () => (await rawRequest(sim, "GET", WIDGETS)).body?.items).toEqual([]);
  });

  it("serves a definition whose names are taken only after the other one has gone", async () => {
    await post(DEFINITIONS, definition("widgets", "Widget", {}));
    await post(DEFINITIONS, definition("gadgets", "Widget", {}));
    const path = `${DEFINITIONS}/gadgets.example.dev`;
    const waiting = await rawRequest(sim, "GET", path);
    expect(waiting.body.status.conditions).toMatchObject([
      { type: "NamesAccepted", status: "False", reason: "ListKindConflict" },
      { type: "Established", status: "False", reason: "NotAccepted" },
    ]);
    expect((await rawRequest(sim, "GET", "/apis/example.dev/v1/namespaces/default/gadgets")).status).toBe(404);
    await rawRequest(sim, "DELETE", `${DEFINITIONS}/widgets.example.dev`);
    await expect.poll(async () => (await rawRequest(sim, "GET", path)).body.status.conditions[1].status).toBe("True");
  });

  it("tolerates on update what an object violated before", async () => {
    const loose = { size: { type: "integer" }, name: { type: "string" } };
    await post(DEFINITIONS, definition("widgets", "Widget", loose));
    await post(WIDGETS, widget("w", { size: 11 }));
    sim.apply(definition("widgets", "Widget", { ...loose, size: { type: "integer", maximum: 10 } }));
    const patch = (spec: object): ReturnType<typeof rawRequest> =>
      rawRequest(sim, "PATCH", `${WIDGETS}/w`, {
        body: { spec },
        headers: { "content-type": "application/merge-patch+json" },
      });
    expect((await patch({ name: "changed" })).status).toBe(200);
    expect((await patch({ size: 12 })).status).toBe(422);
    expect((await patch({ size: 9 })).status).toBe(200);
  });

  it("gives stored objects the defaults of a schema that came later", async () => {
    await post(DEFINITIONS, definition("widgets", "Widget", {}));
    await post(WIDGETS, widget("w", {}));
    sim.apply(definition("widgets", "Widget", { color: { type: "string", default: "red" } }));
    expect((await rawRequest(sim, "GET", `${WIDGETS}/w`)).body.spec).toEqual({ color: "red" });
  });

  it("refuses objects and schemas that nest too deeply", async () => {
    let deep: object = { type: "string" };
    for (let level = 0; level < 300; level++) deep = { type: "object", properties: { a: deep } };
    const refused = await post(DEFINITIONS, definition("widgets", "Widget", { deep }));
    expect([refused.status, refused.body.reason]).toEqual([422, "Invalid"]);
    const any = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    await post(DEFINITIONS, definition("widgets", "Widget", { any }));
    let value: object = {};
    for (let level = 0; level < 2000; level++) value = { a: value };
    expect((await post(WIDGETS, widget("w", { any: value }))).status).toBe(400);
  });

  it("is not stalled by a pattern that makes other engines backtrack", async () => {
    await post(DEFINITIONS, definition("widgets", "Widget", { text: { type: "string", pattern: "^(a+)+$" } }));
    expect((await post(WIDGETS, widget("w", { text: `${"a".repeat(50_000)}!` }))).status).toBe(422);
  });

  it("accepts the definitions of the product, and their objects come back as they were sent", async () => {
    const file = new URL("../../../../deploy/crds/containerprofiles.yaml", import.meta.url);
    const crd = parse(readFileSync(file, "utf8")) as KubeObjectInput & {
      readonly spec: { readonly group: string; readonly names: { readonly plural: string; readonly kind: string } };
    };
    const created = await post(DEFINITIONS, crd);
    expect([created.status, created.headers["warning"]]).toEqual([201, undefined]);
    const { group, names } = crd.spec;
    const discovered = await rawRequest(sim, "GET", `/apis/${group}`);
    const version = discovered.body.preferredVersion.version as string;
    const metadata = { name: "p", annotations: { "kubescape.io/status": "completed" } };
    const spec = { architectures: null, capabilities: ["NET_ADMIN"], execs: [{ path: "/bin/sh", args: ["sh", "-c"] }] };
    const body = { apiVersion: `${group}/${version}`, kind: names.kind, metadata, spec };
    const path = `/apis/${group}/${version}/namespaces/default/${names.plural}`;
    const answer = await post(path, body);
    expect([answer.status, answer.headers["warning"], answer.body.spec]).toEqual([201, undefined, spec]);
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
    const table = await rawRequest(sim, "GET", path, { headers: { accept } });
    expect(table.body.rows[0].cells.slice(0, 3)).toEqual(["p", "completed", null]);
  });

  it("serves a kind only from its condition Established on, after the delay that was asked for [sim 9]", async () => {
    const clock = new ManualClock();
    await using slow = await openKubeSim({ clock, establishDelayMs: 5000 });
    const conditions = async (): Promise<string[]> => {
      const stored = await rawRequest(slow, "GET", `${DEFINITIONS}/widgets.example.dev`);
      return stored.body.status.conditions.map((condition: Record<string, string>) =>
        [condition["type"], condition["status"], condition["reason"], condition["lastTransitionTime"]].join(" "),
      );
    };
    const body = definition("widgets", "Widget", { size: { type: "integer" } });
    expect((await rawRequest(slow, "POST", DEFINITIONS, { body })).status).toBe(201);
    expect(await conditions()).toEqual([
      "NamesAccepted True NoConflicts 2026-01-01T00:00:00Z",
      "Established False Installing 2026-01-01T00:00:00Z",
    ]);
    await clock.advance(4999);
    expect((await rawRequest(slow, "GET", WIDGETS)).status).toBe(404);
    await clock.advance(1);
    expect(await conditions()).toEqual([
      "NamesAccepted True NoConflicts 2026-01-01T00:00:00Z",
      "Established True InitialNamesAccepted 2026-01-01T00:00:05Z",
    ]);
    expect((await rawRequest(slow, "GET", WIDGETS)).status).toBe(200);
  });

  it("establishes nothing that was deleted or stopped meanwhile [sim 9]", async () => {
    const clock = new ManualClock();
    const slow = await openKubeSim({ clock, establishDelayMs: 5000 });
    slow.apply(definition("widgets", "Widget", {}));
    slow.remove("customresourcedefinitions.apiextensions.k8s.io", "", "widgets.example.dev");
    await clock.advance(5000);
    expect((await rawRequest(slow, "GET", WIDGETS)).status).toBe(404);
    slow.apply(definition("widgets", "Widget", {}));
    await slow.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});
