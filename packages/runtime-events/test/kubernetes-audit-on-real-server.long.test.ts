import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "node:https";
import { connect, type TLSSocket } from "node:tls";
import { openRealCluster, realClusterAvailability, type RealCluster } from "@kinglet-tools/real-cluster";
import type { Finding } from "@kinglet/enrichment";
import { systemClock } from "@kinglet/lifecycle";
import { noopLogger } from "@kinglet/logger";
import { createMetrics, noopMetrics } from "@kinglet/metrics";
import { apiCall, apiRequest, createNamespace, createPod, podObject, waitFor } from "@kinglet/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AuditIntake } from "../src/kubernetes-audit/audit-intake.ts";
import { createKubernetesAuditRoute } from "../src/kubernetes-audit/create-kubernetes-audit-route.ts";
import type { KubernetesAuditLog } from "../src/kubernetes-audit/kubernetes-audit-log.ts";
import { openKubernetesAuditLog } from "../src/kubernetes-audit/open-kubernetes-audit-log.ts";
import { openWebhookListener } from "../src/webhook/open-webhook-listener.ts";
import type { WebhookListener } from "../src/webhook/webhook-listener.ts";
import { openFakeKubelet, type FakeKubelet } from "./fake-kubelet.ts";

const real = realClusterAvailability(process.env);
const isSkipped = real.source !== "binaries" && !real.isRequired;
const skipped = isSkipped ? ` [skipped: ${real.skipReason.replace(/^\(|\)$/g, "")}]` : "";
const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === "IPv4" && !address.internal)?.address;
const deploy = join(import.meta.dirname, "../../../deploy/kubernetes-audit");
const certificates = join(import.meta.dirname, "certificates");

describe.skipIf(isSkipped)(`Kubernetes audit [requires real-cluster]${skipped}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "kinglet-audit-"));
  const logPath = join(folder, "audit.log");
  const fromLog: Finding[] = [];
  const fromWebhook: Finding[] = [];
  const metrics = createMetrics();
  const stop = new AbortController();
  const sockets: TLSSocket[] = [];
  /** Findings that the queue of the webhook has room for. */
  let room = Number.POSITIVE_INFINITY;
  let kubelet: FakeKubelet;
  let listener: WebhookListener;
  let log: KubernetesAuditLog;
  let reading: Promise<void>;
  let cluster: RealCluster;
  const admin = (): { server: string; caPem: string; adminToken: string } => ({
    server: cluster.server,
    caPem: cluster.caPem,
    adminToken: cluster.tokens.admin,
  });

  beforeAll(async () => {
    kubelet = await openFakeKubelet();
    const offer = (finding: Finding): boolean => room-- > 0 && fromWebhook.push(finding) > 0;
    // An intake each, so that both ways can be compared.
    listener = await openWebhookListener({
      bind: "127.0.0.1:0",
      certificate: {
        certificateFile: join(certificates, "server-one.pem"),
        keyFile: join(certificates, "server-one.key"),
      },
      clientAuthorityFile: join(certificates, "clients-a.pem"),
      clientNames: ["kube-apiserver"],
      routes: [
        createKubernetesAuditRoute({ intake: new AuditIntake({ metrics, clock: systemClock }), queue: { offer } }),
      ],
      clock: systemClock,
      logger: noopLogger,
      metrics,
    });
    log = await openKubernetesAuditLog({
      path: logPath,
      startAt: "checkpoint-or-beginning",
      intake: new AuditIntake({ metrics: noopMetrics, clock: systemClock }),
      clock: systemClock,
      logger: noopLogger,
      metrics: noopMetrics,
    });
    reading = log.run({ signal: stop.signal, deliver: (finding) => void fromLog.push(finding) });
    // The example of the documentation, with the places of this test.
    const example = readFileSync(join(deploy, "webhook.yaml"), "utf8");
    const config = example
      .replace("https://10.96.0.200:9443", `https://127.0.0.1:${listener.port}`)
      .replace("/etc/kubernetes/kinglet/ca.crt", join(certificates, "servers.pem"))
      .replace("/etc/kubernetes/kinglet/client.crt", join(certificates, "api-server.pem"))
      .replace("/etc/kubernetes/kinglet/client.key", join(certificates, "api-server.key"));
    writeFileSync(join(folder, "webhook.yaml"), config);
    // Those of the documentation, but for its files.
    const flags = readFileSync(join(deploy, "flags.txt"), "utf8").match(/^--(?!.*(?:-file|-path)=).*$/gm) ?? [];
    expect(flags).toHaveLength(7);
    cluster = await openRealCluster({
      apiServerFlags: [
        ...flags,
        `--audit-policy-file=${join(deploy, "policy.yaml")}`,
        `--audit-log-path=${logPath}`,
        `--audit-webhook-config-file=${join(folder, "webhook.yaml")}`,
        "--audit-webhook-batch-max-wait=200ms",
        "--audit-webhook-initial-backoff=500ms",
      ],
    });
    await createNamespace(admin() as never, "shop");
    await openNode("node-1", "127.0.0.1", kubelet.port);
    for (const name of ["web-1", "web-2"]) {
      const nodeName = name === "web-1" ? "node-1" : "node-2";
      await createPod(admin() as never, podObject({ namespace: "shop", name, nodeName }));
    }
  });

  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await cluster?.stop();
    stop.abort();
    await reading;
    await log?.[Symbol.asyncDispose]();
    await listener?.[Symbol.asyncDispose]();
    await kubelet?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(() => {
    fromLog.length = 0;
    fromWebhook.length = 0;
    room = Number.POSITIVE_INFINITY;
  });

  async function openNode(name: string, address: string, port: number): Promise<void> {
    await apiCall(admin(), "POST", "/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name } });
    await apiCall(admin(), "PATCH", `/api/v1/nodes/${name}/status`, {
      status: {
        addresses: [{ type: "InternalIP", address }],
        daemonEndpoints: { kubeletEndpoint: { Port: port } },
      },
    });
  }

  /** Asks for another protocol, as kubectl does. @returns the status; the connection stays open. */
  async function upgrade(path: string, token: string, protocol = "SPDY/3.1"): Promise<number> {
    const { hostname, port } = new URL(cluster.server);
    const socket = connect({ host: hostname, port: Number(port), ca: cluster.caPem, ALPNProtocols: ["http/1.1"] });
    sockets.push(socket);
    let text = "";
    socket.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    socket.on("error", () => {});
    const isSocket = protocol === "websocket";
    const more = isSocket
      ? "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\nsec-websocket-protocol: v5.channel.k8s.io\r\n"
      : "x-stream-protocol-version: v4.channel.k8s.io\r\n";
    socket.write(
      `${isSocket ? "GET" : "POST"} ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\nuser-agent: kubectl/test\r\nconnection: Upgrade\r\nupgrade: ${protocol}\r\n${more}content-length: 0\r\n\r\n`,
    );
    await waitFor(() => text.includes("\r\n"), { describe: `an answer to ${path}` });
    return Number(text.split(" ")[1]);
  }

  /** A request that shows nothing of its sender. */
  async function anonymousGet(path: string): Promise<number> {
    const { hostname, port } = new URL(cluster.server);
    const socket = connect({ host: hostname, port: Number(port), ca: cluster.caPem, ALPNProtocols: ["http/1.1"] });
    sockets.push(socket);
    let text = "";
    socket.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    socket.on("error", () => {});
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    await waitFor(() => text.includes("\r\n"), { describe: `an answer to ${path}` });
    return Number(text.split(" ")[1]);
  }

  /** A request whose path and body go out as they are. */
  function send(method: string, path: string, body = "", type = "application/json"): Promise<number> {
    const { hostname, port } = new URL(cluster.server);
    const headers = { authorization: `Bearer ${cluster.tokens.admin}`, "content-type": type };
    return new Promise((resolve, reject) => {
      const sent = request({ hostname, port, ca: cluster.caPem, method, path, headers, agent: false }, (answer) =>
        resolve(answer.resume().statusCode ?? 0),
      );
      sent.on("error", reject);
      sent.end(body);
    });
  }

  /** Waits for one finding of each way. */
  async function both(): Promise<Finding> {
    await waitFor(() => fromLog.length > 0 && fromWebhook.length > 0, { describe: "a finding of each way" });
    expect(fromWebhook).toEqual(fromLog);
    expect(fromLog).toHaveLength(1);
    return fromLog[0]!;
  }

  const exec = (pod: string, ...command: string[]): string =>
    `/api/v1/namespaces/shop/pods/${pod}/exec?${command.map((part) => `command=${encodeURIComponent(part)}`).join("&")}&container=app&stdout=true`;

  it("tells of an exec while it is going on, by log and webhook alike [kubernetes-audit real]", async () => {
    expect(await upgrade(exec("web-1", "sh", "-c", "ls /etc"), cluster.tokens.admin)).toBe(101);
    expect(await both()).toMatchObject({
      ruleId: "R2000",
      severity: 8,
      namespace: "shop",
      podName: "web-1",
      containerName: "app",
      details: {
        outcome: "allowed",
        responseCode: "101",
        stage: "ResponseStarted",
        command: 'sh -c "ls /etc"',
        userAgent: "kubectl/test",
      },
    });
    // It ends, which is written too, and is not told again.
    sockets.at(-1)?.destroy();
    await waitFor(
      () =>
        readFileSync(logPath, "utf8")
          .split("\n")
          .some((line) => line.includes("/exec?") && line.includes('"ResponseComplete"')),
      {
        describe: "the end of the exec in the log",
      },
    );
    await upgrade("/api/v1/namespaces/shop/pods/web-1/attach?container=app&stdin=true", cluster.tokens.admin);
    await waitFor(() => fromLog.length === 2 && fromWebhook.length === 2, { describe: "the attachment" });
    expect(fromLog.map(({ ruleId }) => ruleId)).toEqual(["R2000", "K2000"]);
    expect(fromWebhook).toEqual(fromLog);
  });

  it("tells of an exec over WebSocket [kubernetes-audit real]", async () => {
    await upgrade(exec("web-1", "id"), cluster.tokens.admin, "websocket");
    expect(await both()).toMatchObject({ ruleId: "R2000", details: { command: "id" } });
  });

  it("says that an exec failed whose node is not there [kubernetes-audit real]", async () => {
    expect(await upgrade(exec("web-2", "id"), cluster.tokens.admin)).toBe(404);
    expect(await both()).toMatchObject({
      ruleId: "R2000",
      severity: 4,
      details: { outcome: "failed", responseCode: "404" },
    });
  });

  it("says that an exec was refused [kubernetes-audit real]", async () => {
    expect(await upgrade(exec("web-1", "id"), cluster.tokens.alice)).toBe(403);
    expect(await both()).toMatchObject({ ruleId: "R2000", user: "alice", severity: 4, details: { outcome: "denied" } });
  });

  it("tells of port-forwards [kubernetes-audit real]", async () => {
    expect(await upgrade("/api/v1/namespaces/shop/pods/web-1/portforward?ports=8080", cluster.tokens.admin)).toBe(101);
    expect(await both()).toMatchObject({ ruleId: "R2001", severity: 5, details: { outcome: "allowed" } });
  });

  it("tells of debug containers, with name and image [kubernetes-audit real]", async () => {
    const path = "/api/v1/namespaces/shop/pods/web-1/ephemeralcontainers";
    const body = { spec: { ephemeralContainers: [{ name: "dbg", image: "debug:1", targetContainerName: "app" }] } };
    await apiCall(admin(), "PATCH", path, body, "application/strategic-merge-patch+json");
    expect(await both()).toMatchObject({ ruleId: "K2001", containerName: "dbg", details: { image: "debug:1" } });
  });

  it("tells of commands that go through the kubelet [kubernetes-audit real]", async () => {
    await apiRequest(admin(), "POST", "/api/v1/nodes/node-1/proxy/run/shop/web-1/app?cmd=id");
    expect(await both()).toMatchObject({
      ruleId: "K2002",
      podName: "web-1",
      containerName: "app",
      nodeName: "node-1",
      details: { command: "id" },
    });
  });

  it("finds the exec behind a URI of any length and any characters [kubernetes-audit real]", async () => {
    for (const junk of ["<".repeat(900_000), "a&".repeat(4000), "a".repeat(70_000)]) {
      fromLog.length = 0;
      fromWebhook.length = 0;
      const path = `/api/v1/namespaces/shop/pods/web-1/exec?x=${junk}&command=id&container=app&stdout=true`;
      expect(await upgrade(path, cluster.tokens.admin)).toBe(101);
      expect(await both()).toMatchObject({ ruleId: "R2000", containerName: "app", details: { command: "id" } });
    }
  });

  it("is not made blind by strangers who make large events [kubernetes-audit real]", async () => {
    const long = ["x/exec?x=".concat("<".repeat(900_000)), `${"&".repeat(900_000)}/exec`];
    for (const path of [...long, ...long]) expect(await anonymousGet(`/api/v1/namespaces/shop/pods/${path}`)).toBe(403);
    expect(await upgrade(exec("web-1", "id"), cluster.tokens.admin)).toBe(101);
    expect(await anonymousGet(`/api/v1/namespaces/shop/pods/${long[0]}`)).toBe(403);
    const isTold = ({ ruleId, user }: Finding): boolean => ruleId === "R2000" && user === "admin";
    await waitFor(() => fromLog.some(isTold) && fromWebhook.some(isTold), { describe: "the exec" });
    // Theirs are told too, but for events beyond what API servers are told to write.
    await waitFor(() => fromLog.length === 4 && fromWebhook.length === 4, { describe: "the strangers' attempts" });
    expect((await metrics.exposition()).text).not.toContain('reason="too-large"');
  });

  it("tells of debug containers whatever lies beside them, and whatever dry run the server ignores [kubernetes-audit real]", async () => {
    const path = "/api/v1/namespaces/shop/pods/web-1/ephemeralcontainers";
    const patch = "application/strategic-merge-patch+json";
    const bodyOf = (name: string, more = ""): string =>
      `{"spec":{"ephemeralContainers":[{"name":"${name}","image":"debug:1","targetContainerName":"app"}]}${more}}`;
    expect(await send("PATCH", `${path}?dryRun=All`, bodyOf("dry"), patch)).toBe(200);
    const deep = `,"zzz":${"[".repeat(300)}${"]".repeat(300)}`;
    expect(await send("PATCH", path, bodyOf("deep", deep), patch)).toBe(200);
    expect(await both()).toMatchObject({ ruleId: "K2001", details: { outcome: "allowed" } });
    expect(await send("PATCH", `${path}?dryRun=All${"&a".repeat(10_001)}`, bodyOf("ignored"), patch)).toBe(200);
    expect(await send("PATCH", path, bodyOf("large", `,"zzz":"${"<".repeat(2_000_000)}"`), patch)).toBe(200);
    await waitFor(() => fromLog.length === 3 && fromWebhook.length === 3, { describe: "all three" });
    expect(fromLog[1]).toMatchObject({ containerName: "ignored" });
    const pod = (await apiCall(admin(), "GET", "/api/v1/namespaces/shop/pods/web-1")) as {
      spec: { ephemeralContainers: { name: string }[] };
    };
    const names = pod.spec.ephemeralContainers.map(({ name }) => name).filter((name) => name !== "dbg");
    expect(names.toSorted()).toEqual(["deep", "ignored", "large"]);
  });

  it.skipIf(outside === undefined)(
    "judges paths of a node's proxy as the kubelet finds them, however they are written [kubernetes-audit real]",
    async () => {
      await using proxied = await openFakeKubelet(outside);
      await openNode("node-3", outside ?? "", proxied.port);
      const isRun = (path: string): boolean => {
        const [plain = ""] = path.split("?", 1);
        return decodeURIComponent(plain).startsWith("/run/shop/web-1/app");
      };
      for (const [tail, isCommand] of [
        ["run%2Fshop%2Fweb-1%2Fapp?cmd=id", true],
        ["run%2fshop/web-1/app?cmd=id", true],
        ["%72un/shop/web-1/app?cmd=id", true],
        ["x/../run/shop/web-1/app?cmd=id", true],
        ["x%2F..%2Frun/shop/web-1/app?cmd=id", true],
        ["x%2F%2E%2E%2Frun%2Fshop/web-1/app?cmd=id", true],
        ["../../run/shop/web-1/app?cmd=id", true],
        ["%252Frun/shop/web-1/app?cmd=id", false],
        ["run;x/shop/web-1/app?cmd=id", false],
        ["run%252Fshop/web-1/app?cmd=id", false],
      ] as const) {
        fromLog.length = 0;
        fromWebhook.length = 0;
        proxied.paths.length = 0;
        await send("POST", `/api/v1/nodes/node-3/proxy/${tail}`);
        expect([tail, proxied.paths.some(isRun)]).toEqual([tail, isCommand]);
        // One that is told comes behind.
        if (!isCommand) await upgrade(exec("web-1", "next"), cluster.tokens.admin);
        expect([tail, (await both()).ruleId]).toEqual([tail, isCommand ? "K2002" : "R2000"]);
      }
    },
  );

  it("tells what strangers are allowed, and only that [kubernetes-audit real]", async () => {
    const rules = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "open" },
      rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["list"] }],
    };
    await apiCall(admin(), "POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", rules);
    const subject = { kind: "User", name: "system:anonymous", apiGroup: "rbac.authorization.k8s.io" };
    const binding = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "open" },
      roleRef: { kind: "ClusterRole", name: "open", apiGroup: "rbac.authorization.k8s.io" },
      subjects: [subject],
    };
    await apiCall(admin(), "POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding);
    await waitFor(async () => (await anonymousGet("/api/v1/configmaps")) === 200, {
      describe: "the rights of strangers",
    });
    expect(await anonymousGet("/api/v1/secrets")).toBe(403);
    expect(await anonymousGet("/version")).toBe(200);
    expect(await both()).toMatchObject({ ruleId: "K2003", user: "system:anonymous" });
  });

  it("gets again what it had no room for, each once [kubernetes-audit real]", async () => {
    room = 3;
    for (let turn = 0; turn < 8; turn++) await upgrade(exec("web-2", `step-${turn}`), cluster.tokens.admin);
    await waitFor(() => fromLog.length === 8 && fromWebhook.length >= 3, { describe: "the first ones" });
    await waitFor(
      async () => (await metrics.exposition()).text.includes('kinglet_webhook_refused_total{reason="full"}'),
      {
        describe: "a refusal",
      },
    );
    room = Number.POSITIVE_INFINITY;
    await waitFor(() => fromWebhook.length === 8, { timeoutMs: 30_000, describe: "all of them" });
    expect(new Set(fromWebhook.map(({ uniqueId }) => uniqueId))).toEqual(
      new Set(fromLog.map(({ uniqueId }) => uniqueId)),
    );
    expect(new Set(fromWebhook.map(({ uniqueId }) => uniqueId)).size).toBe(8);
  });
});
