import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rawRequest } from "../../test/raw-request.ts";
import { openKubeSim, type KubeSim } from "../index.ts";

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

describe("answerDiscovery", () => {
  let sim: KubeSim;
  beforeEach(async () => {
    sim = await openKubeSim();
  });
  afterEach(() => sim.stop());

  it("gives the aggregated list a name, and says that it is still the same to who has it [sim 8]", async () => {
    const first = await rawRequest(sim, "GET", "/apis", { headers: { accept: AGGREGATED } });
    expect(first.headers["content-type"]).toBe("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    const etag = first.headers.etag ?? "";
    const second = await rawRequest(sim, "GET", "/apis", { headers: { accept: AGGREGATED, "if-none-match": etag } });
    expect([second.status, second.text]).toEqual([304, ""]);
  });

  it("answers the older aggregated form with the plain one, as the real server of that version does", async () => {
    const accept = AGGREGATED.replace("v=v2", "v=v2beta1");
    expect((await rawRequest(sim, "GET", "/api", { headers: { accept } })).body.kind).toBe("APIVersions");
  });

  it("tells its health check by check", async () => {
    expect((await rawRequest(sim, "GET", "/livez?verbose")).text).toMatch(/^\[\+\]ping ok\n[^]*livez check passed\n$/);
    expect((await rawRequest(sim, "GET", "/readyz/etcd")).text).toBe("ok");
    expect((await rawRequest(sim, "GET", "/readyz/nope")).status).toBe(404);
  });

  it("describes kinds for clients that explain and merge", async () => {
    const index = JSON.parse((await rawRequest(sim, "GET", "/openapi/v3")).text) as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    const { body } = await rawRequest(sim, "GET", index.paths["apis/apps/v1"]?.serverRelativeURL ?? "");
    const deployment = body.components.schemas["apps.v1.Deployment"];
    expect(deployment["x-kubernetes-group-version-kind"]).toEqual([
      { group: "apps", version: "v1", kind: "Deployment" },
    ]);
    const item = body.paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"];
    expect(item.patch["x-kubernetes-group-version-kind"].kind).toBe("Deployment");
    const follow = (schema: { $ref?: string; allOf?: { $ref: string }[] }): { properties: Record<string, never> } =>
      body.components.schemas[(schema.$ref ?? schema.allOf?.[0]?.$ref ?? "").slice(21)];
    const template = follow(follow(deployment.properties.spec).properties["template"] ?? {});
    const podSpec = follow(template.properties["spec"] ?? {});
    expect(podSpec.properties["containers"]).toMatchObject({ type: "array", "x-kubernetes-patch-merge-key": "name" });
  });
});
