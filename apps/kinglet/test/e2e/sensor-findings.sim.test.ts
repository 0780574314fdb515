import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import {
  apiRequest,
  createPod,
  freePort,
  installCrds,
  openSimCluster,
  openTempDir,
  podObject,
  waitFor,
  type SimClusterFixture,
  type TempDir,
} from "@kinglet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SensorProcess } from "./sensor-process.ts";

const files = join(import.meta.dirname, "../../../../packages/runtime-events");
const certificate = (name: string): string => join(files, "test/certificates", name);
const falcoAlert = readFileSync(join(files, "fixtures/falco/alerts.jsonl"), "utf8").split("\n")[0] ?? "";

describe("Findings of other programs", () => {
  let cluster: SimClusterFixture;
  let folder: TempDir;
  let audited: string[] = [];

  beforeAll(async () => {
    folder = await openTempDir("kinglet e2e ");
    const rules = [{ level: "Request", resources: [{ group: "", resources: ["pods/*"] }] }, { level: "None" }] as const;
    const policy = { apiVersion: "audit.k8s.io/v1", kind: "Policy", omitStages: ["RequestReceived"], rules } as const;
    cluster = await openSimCluster({ audit: { policy, write: (event) => audited.push(JSON.stringify(event)) } });
    await installCrds(cluster);
    await createPod(cluster, podObject({ name: "web-1" }));
    audited = [];
    await apiRequest(cluster, "POST", "/api/v1/namespaces/default/pods/web-1/exec?command=id&container=app");
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  function startSensor(args: readonly string[]): Promise<SensorProcess> {
    return SensorProcess.start({
      folder: folder.path,
      kubeconfig: cluster.kubeconfigPath,
      tetragonFile: folder.file("tetragon.log"),
      args,
    });
  }

  /** Posts with the certificate of the API server, or none. @returns the status. */
  function post(port: number, path: string, body: string, client?: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: "127.0.0.1",
          port,
          path,
          method: "POST",
          agent: false,
          ca: readFileSync(certificate("servers.pem")),
          ...(client === undefined
            ? {}
            : { cert: readFileSync(certificate(`${client}.pem`)), key: readFileSync(certificate(`${client}.key`)) }),
          headers: { "content-type": "application/json" },
        },
        (answer) => resolve(answer.resume().statusCode ?? 0),
      );
      sent.on("error", reject);
      sent.end(body);
    });
  }

  it("become alerts of a sensor of cluster scope: by webhook, by log file, from Falco, each once", async () => {
    const port = await freePort();
    const logPath = folder.file("audit.log");
    writeFileSync(logPath, "");
    await using sensor = await startSensor([
      ...["--scope", "cluster", "--kubernetes-audit-bind", `127.0.0.1:${port}`, "--falco-bind", `127.0.0.1:${port}`],
      ...["--kubernetes-audit-log", logPath, "--webhook-client-ca", certificate("clients-a.pem")],
      ...["--webhook-tls-cert", certificate("server-one.pem"), "--webhook-tls-key", certificate("server-one.key")],
    ]);
    await sensor.ready();
    const list = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${audited.join(",")}]}`;
    expect(await post(port, "/kubernetes-audit", list)).toBe(401);
    for (let turn = 0; turn < 2; turn++) expect(await post(port, "/kubernetes-audit", list, "api-server")).toBe(200);
    expect(await post(port, "/falco", falcoAlert, "falco")).toBe(200);
    const attach = audited.map((line) =>
      line.replaceAll("/exec?", "/attach?").replaceAll('"subresource":"exec"', '"subresource":"attach"'),
    );
    writeFileSync(logPath, `${[...audited, ...attach].join("\n")}\n`, { flag: "a" });
    const exec = await sensor.alert(({ ruleId }) => ruleId === "R2000", "the exec");
    expect(exec).toMatchObject({ podName: "web-1", namespace: "default", arguments: { command: "id" } });
    await sensor.alert(({ ruleId }) => ruleId === "Terminal shell in container", "Falco's");
    await sensor.alert(({ ruleId }) => ruleId === "K2000", "the attachment in the log");
    await waitFor(async () => (await sensor.metric('kinglet_kubernetes_audit_events_total{outcome="repeated"}')) > 1, {
      describe: "the repeats",
    });
    expect(
      sensor
        .alerts()
        .map(({ ruleId }) => ruleId)
        .toSorted(),
    ).toEqual(["K2000", "R2000", "Terminal shell in container"]);
  });

  it("are refused by a sensor of a node, with a reason", async () => {
    await using sensor = await startSensor(["--node-name", "node-a", "--falco-bind", "127.0.0.1:0"]);
    expect(await sensor.ended).not.toBe(0);
    expect(sensor.stderr()).toContain("--scope cluster");
  });
});
