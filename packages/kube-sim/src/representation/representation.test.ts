import { gunzipSync } from "node:zlib";
import { request as httpsRequest } from "node:https";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rawRequest, rawWatch } from "../../test/raw-request.ts";
import { openKubeSim, type KubeSim } from "../index.ts";

const PODS = "/api/v1/namespaces/shop/pods";
const TABLE = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };

describe("chooseRepresentation", () => {
  let sim: KubeSim;
  beforeEach(async () => {
    sim = await openKubeSim();
  });
  afterEach(() => sim.stop());

  function addPod(name: string, status: object): void {
    const containers = [{ name: "app", image: "app:1" }];
    sim.apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "shop" },
      spec: { nodeName: "n", containers },
      status,
    });
  }

  it("shows pods in one word each, as kubectl prints them", async () => {
    const state = (inner: object): object[] => [{ name: "app", ready: false, restartCount: 0, state: inner }];
    addPod("a", {
      phase: "Running",
      containerStatuses: [{ name: "app", ready: true, restartCount: 0, state: { running: {} } }],
    });
    addPod("b", { phase: "Running", containerStatuses: state({ waiting: { reason: "CrashLoopBackOff" } }) });
    addPod("c", { phase: "Failed", containerStatuses: state({ terminated: { exitCode: 137 } }) });
    addPod("d", { phase: "Pending", initContainerStatuses: state({ waiting: { reason: "ImagePullBackOff" } }) });
    const { body } = await rawRequest(sim, "GET", PODS, { headers: TABLE });
    expect(body.columnDefinitions.map((column: { name: string }) => column.name).slice(0, 5)).toEqual([
      "Name",
      "Ready",
      "Status",
      "Restarts",
      "Age",
    ]);
    expect(body.rows.map((row: { cells: unknown[] }) => row.cells.slice(0, 4))).toEqual([
      ["a", "1/1", "Running", "0"],
      ["b", "0/1", "CrashLoopBackOff", "0"],
      ["c", "0/1", "ExitCode:137", "0"],
      ["d", "0/1", "Init:ImagePullBackOff", "0"],
    ]);
    expect(body.rows[2].conditions[0].reason).toBe("Failed");
    expect(body.rows[0].object.kind).toBe("PartialObjectMetadata");
  });

  it("puts into a row what was asked for", async () => {
    addPod("a", {});
    const include = async (what: string): Promise<unknown> =>
      (await rawRequest(sim, "GET", `${PODS}/a?includeObject=${what}`, { headers: TABLE })).body.rows?.[0].object;
    expect(await include("None")).toBeNull();
    expect(await include("Object")).toMatchObject({ kind: "Pod", spec: { nodeName: "n" } });
    expect((await rawRequest(sim, "GET", `${PODS}/a?includeObject=All`, { headers: TABLE })).status).toBe(400);
  });

  it("refuses metadata of a list where an object is asked for, and the other way round", async () => {
    const accept = (kind: string): Record<string, string> => ({
      accept: `application/json;as=${kind};v=v1;g=meta.k8s.io`,
    });
    expect((await rawRequest(sim, "GET", PODS, { headers: accept("PartialObjectMetadata") })).status).toBe(406);
    addPod("a", {});
    const one = await rawRequest(sim, "GET", `${PODS}/a`, { headers: accept("PartialObjectMetadataList") });
    expect([one.status, one.body.message]).toEqual([
      406,
      "you requested PartialObjectMetadataList, but the requested object is not a list (*core.Pod)",
    ]);
  });

  it("writes YAML, and refuses it for a watch", async () => {
    addPod("a", {});
    const yaml = await rawRequest(sim, "GET", `${PODS}/a`, { headers: { accept: "application/yaml" } });
    expect(yaml.headers["content-type"]).toBe("application/yaml");
    expect(yaml.text).toMatch(/^apiVersion: v1\nkind: Pod\n/);
    const watch = await rawRequest(sim, "GET", `${PODS}?watch=true`, { headers: { accept: "application/yaml" } });
    expect(watch.status).toBe(406);
  });

  it("reads protobuf bodies and answers in protobuf", async () => {
    addPod("a", {});
    const headers = { accept: "application/vnd.kubernetes.protobuf" };
    const pod = await rawRequest(sim, "GET", `${PODS}/a`, { headers });
    expect([pod.headers["content-type"], pod.text.slice(0, 3)]).toEqual(["application/vnd.kubernetes.protobuf", "k8s"]);
    const none = await rawRequest(sim, "GET", `${PODS}/none`, { headers });
    expect([none.status, none.headers["content-type"]]).toEqual([404, "application/vnd.kubernetes.protobuf"]);
    const type = { "content-type": "application/vnd.kubernetes.protobuf" };
    const bad = await rawRequest(sim, "POST", "/api/v1/namespaces/shop/configmaps", {
      body: "nonsense",
      headers: type,
    });
    expect(bad.status).toBe(400);
  });

  it("escapes what a line splitter may take for the end of a line [sim 15]", async () => {
    const data = { text: "a\u2028b\u2029<c>" };
    sim.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "shop" }, data });
    const { text, body } = await rawRequest(sim, "GET", "/api/v1/namespaces/shop/configmaps/a");
    expect(text).toContain("a\\u2028b\\u2029\\u003cc\\u003e");
    expect(body.data).toEqual(data);
  });

  it("compresses long answers for clients that ask for it", async () => {
    sim.load({ pods: 100 });
    const [encoding, bytes] = await new Promise<[string | undefined, Buffer]>((resolve, reject) => {
      const headers = { authorization: `Bearer ${sim.token}`, "accept-encoding": "gzip" };
      const outgoing = httpsRequest(`${sim.server}/api/v1/pods`, { ca: sim.caPem, headers, agent: false }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("end", () => resolve([answer.headers["content-encoding"], Buffer.concat(chunks)]));
      });
      outgoing.on("error", reject);
      outgoing.end();
    });
    expect(encoding).toBe("gzip");
    expect((JSON.parse(gunzipSync(bytes).toString()) as { items: unknown[] }).items.length).toBe(100);
  });

  it("tells the columns of a watched table once", async () => {
    using watch = await rawWatch(sim, `${PODS}?watch=true`, TABLE);
    addPod("a", {});
    addPod("b", {});
    expect((await watch.next()).object.columnDefinitions.length).toBeGreaterThan(4);
    const second = await watch.next();
    expect([second.object.columnDefinitions, second.object.rows[0].cells[0]]).toEqual([null, "b"]);
  });
});
