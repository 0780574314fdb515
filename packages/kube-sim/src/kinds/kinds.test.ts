import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rawRequest } from "../../test/raw-request.ts";
import { openKubeSim, type KubeObject, type KubeSim } from "../index.ts";
import type { JsonRecord } from "../resources/kube-object.ts";
import { isJsonRecord } from "../resources/kube-object.ts";
import { builtInResources } from "./resource-rows.ts";

const FOLDER = new URL("../../test/recordings/kinds/", import.meta.url);
/** What the server chooses, or what depends on the machine that the recording was made on. */
const SERVER_SET = /"(uid|resourceVersion|creationTimestamp|deletionTimestamp|lastPhaseTransitionTime|managedFields)"/;

interface Recorded {
  readonly file: string;
  readonly object: KubeObject;
}

function recordings(): Recorded[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json"))
    .map((file) => ({ file, object: JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as KubeObject }));
}

/** Without what the server sets, recursively; the uid inside a job's selector is one of those. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (!isJsonRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !SERVER_SET.test(JSON.stringify(name)))
      .map(([name, member]) => [name, name.endsWith("controller-uid") ? "<uid>" : comparable(member)]),
  );
}

/** What a client would have sent to get the recorded object. */
function requestOf(recorded: KubeObject): KubeObject {
  const object = structuredClone(recorded);
  for (const field of [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "generation",
    "managedFields",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
  ]) {
    delete object.metadata[field];
  }
  if (object.kind === "Job") {
    const spec = object.spec as JsonRecord;
    delete spec["selector"];
    delete (spec["template"] as JsonRecord)["metadata"];
  }
  return object;
}

describe("builtInResources", () => {
  let sim: KubeSim;
  beforeAll(async () => {
    sim = await openKubeSim();
    sim.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "kinds" } });
  });
  afterAll(() => sim.stop());

  it.each(recordings())("gives $file back as the real server did", async ({ object }) => {
    const row = builtInResources().find(
      ({ group, version, kind }) =>
        (group === "" ? version : `${group}/${version}`) === object.apiVersion && kind === object.kind,
    );
    const root = row?.group === "" ? "/api/v1" : `/apis/${object.apiVersion}`;
    const scope = row?.namespaced === true ? "/namespaces/kinds" : "";
    const path = `${root}${scope}/${row?.plural ?? ""}`;
    const created = await rawRequest(sim, "POST", path, {
      body: requestOf(object),
      headers: { "content-type": "application/json" },
    });
    expect(created.body.message ?? "").toBe("");
    expect(created.status).toBe(201);
    const isEnding = object.metadata.deletionTimestamp !== undefined;
    const hasFinalStatus = row?.hasStatus === true && object.kind === "Pod" && object.status !== undefined;
    const written = hasFinalStatus
      ? await rawRequest(sim, "PUT", `${path}/${object.metadata.name}/status`, {
          body: { ...created.body, status: object.status },
          headers: { "content-type": "application/json" },
        })
      : created;
    if (isEnding) await rawRequest(sim, "DELETE", `${path}/${object.metadata.name}`);
    const answer = await rawRequest(sim, "GET", `${path}/${object.metadata.name}`);
    expect(written.body.message ?? "").toBe("");
    expect(comparable(answer.body)).toEqual(comparable(object));
  });

  it("makes each row reachable by its kind once per version", () => {
    const rows = builtInResources();
    expect(new Set(rows.map(({ group, version, plural }) => `${group}/${version}/${plural}`)).size).toBe(rows.length);
    expect(rows).toHaveLength(68);
  });
});
