import { describe, expect, it } from "vitest";
import { rawRequest } from "../raw-request.ts";
import { attackSim, block, expectCodedRefusal } from "./attack-sim.ts";

const PODS = "/api/v1/namespaces/default/pods";
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const NAMES_OF_PROTOTYPES = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];

const attacked = attackSim();

describe("names that objects of JavaScript have already", () => {
  it.each(NAMES_OF_PROTOTYPES)("%s as a sub-resource, resource, group or version is not found", async (name) => {
    attacked.sim.apply({ apiVersion: "v1", kind: "Pod", metadata: { name: "a" }, spec: { containers: [] } });
    for (const path of [
      `${PODS}/a/${name}`,
      `/api/v1/${name}`,
      `/api/${name}/pods`,
      `/apis/${name}/v1/things`,
      `/apis/apps/v1/namespaces/default/${name}/x`,
      `/openapi/v3/apis/${name}`,
      `/${name}`,
    ]) {
      const answer = await attacked.send("GET", path);
      expect({ path, status: answer.status }).toEqual({ path, status: 404 });
    }
  });

  it.each(NAMES_OF_PROTOTYPES)("%s as a key of data, labels and selectors is a key like any other", async (name) => {
    const body = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"p","labels":{"a":"b"}},"data":{"${name}":"v"}}`;
    const created = await attacked.send("POST", CONFIG_MAPS, body);
    expect(created.status).toBe(201);
    expect(Object.entries(created.body.data)).toEqual([[name, "v"]]);
    for (const [kind, patch] of [
      ["merge-patch+json", `{"data":{"${name}":{"polluted":"1"}}}`],
      ["json-patch+json", `[{"op":"add","path":"/data/${name}/polluted","value":"1"}]`],
      ["json-patch+json", `[{"op":"add","path":"/${name}/polluted","value":"1"}]`],
      ["strategic-merge-patch+json", `{"${name}":{"polluted":"1"},"data":{"${name}":"w"}}`],
    ] as const) {
      const answer = await attacked.send("PATCH", `${CONFIG_MAPS}/p`, patch, `application/${kind}`);
      expect(answer.status, patch).toBeLessThan(500);
    }
    const applied = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"q"},"data":{"${name}":"v"}}`;
    const answer = await attacked.send(
      "PATCH",
      `${CONFIG_MAPS}/q?fieldManager=t`,
      applied,
      "application/apply-patch+yaml",
    );
    expect(answer.status).toBe(201);
    expect(Object.entries(answer.body.data)).toEqual([[name, "v"]]);
    expect((await attacked.send("GET", `${CONFIG_MAPS}?labelSelector=${name}`)).status).toBeLessThan(500);
    expectCodedRefusal(await attacked.send("GET", `${CONFIG_MAPS}?fieldSelector=${name}%3Dx`), 400);
    const match = await attacked.send("GET", `${CONFIG_MAPS}?labelSelector=a%3Db,!constructor`);
    expect(match.body.items).toHaveLength(1);
  });

  it.each(NAMES_OF_PROTOTYPES)("%s as kind, version or type is refused", async (name) => {
    const body = { apiVersion: name, kind: name, metadata: { name: "x" } };
    expectCodedRefusal(await attacked.send("POST", CONFIG_MAPS, body), 400);
    expectCodedRefusal(await attacked.send("PATCH", `${CONFIG_MAPS}/x`, "{}", name), 415);
    expect((await attacked.send("POST", CONFIG_MAPS, body, name)).status).toBeLessThan(500);
    const envelope = block(1, Buffer.concat([block(1, Buffer.from("v1")), block(2, Buffer.from(name))]));
    expectCodedRefusal(await attacked.sendBytes(CONFIG_MAPS, [Buffer.from("k8s\0"), envelope]), 400);
    const answer = await rawRequest(attacked.sim, "GET", CONFIG_MAPS, { headers: { accept: name } });
    expectCodedRefusal(answer, 406);
    const query = `${CONFIG_MAPS}?limit=${name}`;
    expectCodedRefusal(await attacked.send("GET", query), 400);
  });

  it.each(NAMES_OF_PROTOTYPES)(
    "%s as a property of a definition holds what is put there, and nothing else",
    async (name) => {
      const property = JSON.stringify({ type: "string" });
      const definition = (plural: string, properties: string): string =>
        `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"${plural}.x.io"},
      "spec":{"group":"x.io","scope":"Namespaced","names":{"plural":"${plural}","singular":"${plural}","kind":"K${plural}","listKind":"K${plural}List"},
      "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":${properties}}}}}}]}}`;
      const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
      expect((await attacked.send("POST", path, definition("withs", `{"${name}":${property}}`))).status).toBe(201);
      expect((await attacked.send("POST", path, definition("withouts", `{"other":${property}}`))).status).toBe(201);
      const custom = (plural: string): string =>
        `{"apiVersion":"x.io/v1","kind":"K${plural}","metadata":{"name":"x"},"spec":{"${name}":"v"}}`;
      const kept = await attacked.send("POST", "/apis/x.io/v1/namespaces/default/withs", custom("withs"));
      expect({ status: kept.status, spec: Object.entries(kept.body.spec ?? {}) }).toEqual({
        status: 201,
        spec: [[name, "v"]],
      });
      const pruned = await attacked.send("POST", "/apis/x.io/v1/namespaces/default/withouts", custom("withouts"));
      expect({ status: pruned.status, spec: Object.entries(pruned.body.spec ?? {}) }).toEqual({
        status: 201,
        spec: [],
      });
    },
  );
});
