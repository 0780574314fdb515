import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  openExistingCluster,
  openRealCluster,
  realClusterAvailability,
  type ClusterUser,
  type RealCluster,
} from "../src/index.ts";

const availability = realClusterAvailability(process.env);
const { binaries } = availability;
const isMissing = binaries === undefined;

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

describe("real cluster programs", () => {
  it.runIf(availability.isRequired)("are there because KINGLET_REQUIRE names real-cluster", () => {
    expect(binaries, availability.skipReason).toBeDefined();
  });
});

describe.skipIf(isMissing)(
  `openRealCluster ${availability.skipReason || (isMissing ? "(an existing cluster is not started or stopped)" : "")}`.trimEnd(),
  { timeout: 120_000 },
  () => {
    it("opens a cluster that knows its users, keeps its data over restarts, and leaves nothing behind", async () => {
      const cluster = await openRealCluster(binaries === undefined ? {} : { binaries });
      const folder = join(cluster.caFile, "..", "..");
      try {
        const version = await call(cluster, "GET", "/version");
        expect(version.body["gitVersion"]).toBe(kubernetesVersion());
        expect((await call(cluster, "GET", "/api/v1/pods", { user: "alice" })).status).toBe(403);
        expect((await call(cluster, "GET", "/api/v1/pods", { token: "wrong" })).status).toBe(401);
        const pod = {
          apiVersion: "v1",
          kind: "Pod",
          metadata: { name: "p" },
          spec: { nodeName: "n", containers: [{ name: "c", image: "i" }] },
        };
        expect((await call(cluster, "POST", "/api/v1/namespaces/default/pods", { body: pod })).status).toBe(201);

        await cluster.restartApiServer();
        expect((await call(cluster, "GET", "/api/v1/namespaces/default/pods/p")).status).toBe(200);
        await cluster.restartApiServer({ kill: true });
        expect((await call(cluster, "GET", "/api/v1/namespaces/default/pods/p")).status).toBe(200);

        const list = await call(cluster, "GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles?limit=1");
        const rest = `/apis/rbac.authorization.k8s.io/v1/clusterroles?limit=1&continue=${(list.body["metadata"] as { continue: string }).continue}`;
        const after = { apiVersion: "v1", kind: "Namespace", metadata: { name: "after" } };
        expect((await call(cluster, "POST", "/api/v1/namespaces", { body: after })).status).toBe(201);
        expect((await call(cluster, "GET", rest)).status).toBe(200);
        await cluster.compactEtcd();
        await cluster.compactEtcd();
        await expect
          .poll(async () => (await call(cluster, "GET", rest)).status, { timeout: 30_000, interval: 500 })
          .toBe(410);

        cluster.pauseApiServer();
        await expect(call(cluster, "GET", "/version", { timeoutMs: 500 })).rejects.toThrow("no answer");
        cluster.resumeApiServer();
        expect((await call(cluster, "GET", "/version")).status).toBe(200);

        const sensor = JSON.parse(readFileSync(await cluster.kubeconfigFor("sensor"), "utf8")) as {
          users: { name: string; user: { token: string } }[];
        };
        expect(sensor.users[0]).toEqual({
          name: "system:serviceaccount:kinglet:sensor",
          user: { token: cluster.tokens.sensor },
        });
        await using again = await openExistingCluster({ KUBECONFIG: cluster.kubeconfigPath });
        expect(again).toMatchObject({
          server: cluster.server,
          caPem: cluster.caPem,
          tokens: { admin: cluster.tokens.admin },
        });
      } finally {
        await cluster.stop();
      }
      expect(existsSync(folder)).toBe(false);
      expect(programsOf(folder)).toEqual([]);
      expect(() => cluster.pauseApiServer()).toThrow(
        expect.objectContaining({ code: "KINGLET_ERR_REAL_CLUSTER_STOPPED" }) as Error,
      );
    });

    it("stops a paused server too, and runs beside another cluster with flags and logs of its own", async () => {
      const logDir = mkdtempSync(join(tmpdir(), "real cluster logs-"));
      try {
        await using first = await openRealCluster({
          logDir,
          apiServerFlags: ["--goaway-chance=0.01", "--v=1"],
          etcdFlags: ["--log-level=info"],
        });
        const second = await openRealCluster();
        expect(second.server).not.toBe(first.server);
        second.pauseApiServer();
        await second.stop();
        expect((await call(first, "GET", "/version")).status).toBe(200);
        expect(readFileSync(join(logDir, "kube-apiserver.log"), "utf8")).toMatch(/FLAG: --goaway-chance="0.01"/u);
      } finally {
        rmSync(logDir, { recursive: true });
      }
    });

    it("reports a program that refuses its flags with the end of its log, and leaves nothing", async () => {
      const logDir = mkdtempSync(join(tmpdir(), "real cluster logs-"));
      try {
        await expect(openRealCluster({ logDir, apiServerFlags: ["--no-such-flag"] })).rejects.toMatchObject({
          code: "KINGLET_ERR_REAL_CLUSTER_START_FAILED",
          message: expect.stringContaining("no-such-flag") as string,
        });
      } finally {
        rmSync(logDir, { recursive: true });
      }
    });

    it("cancels a start and a running cluster by the signal", async () => {
      const early = AbortSignal.timeout(300);
      await expect(openRealCluster({ signal: early })).rejects.toMatchObject({
        code: "KINGLET_ERR_REAL_CLUSTER_ABORTED",
      });
      const late = new AbortController();
      const cluster = await openRealCluster({ signal: late.signal });
      late.abort();
      await cluster.stop();
      expect(existsSync(cluster.caFile)).toBe(false);
    });

    it("leaves nothing running when the process that opened it is killed", async () => {
      const script = `
      import { openRealCluster } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)};
      const cluster = await openRealCluster();
      console.log(cluster.caFile);
      setInterval(() => {}, 1000);
    `;
      const owner = spawn(process.execPath, ["--conditions=@kinglet/source", "--input-type=module", "-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = (await once(owner.stdout, "data")) as [Buffer];
      const folder = join(line.toString().trim(), "..", "..");
      expect(programsOf(folder)).toHaveLength(3);
      owner.kill("SIGKILL");
      await expect.poll(() => programsOf(folder), { timeout: 10_000 }).toEqual([]);
      await expect.poll(() => existsSync(folder), { timeout: 10_000 }).toBe(false);
    });

    it("is brought up and down by the program, with a kubeconfig on standard output", async () => {
      const cache = mkdtempSync(join(tmpdir(), "real cluster up-"));
      const env = { ...process.env, XDG_CACHE_HOME: cache, ...(binaries === undefined ? {} : namedBinaries()) };
      const run = (...args: string[]): string =>
        execFileSync(process.execPath, ["--conditions=@kinglet/source", MAIN, ...args], {
          env,
          encoding: "utf8",
          stdio: ["ignore", "pipe", "pipe"],
        });
      try {
        const out = run("up", "--detach");
        const kubeconfig = /^export KUBECONFIG='(.+)'$/mu.exec(out)?.[1] ?? "";
        try {
          expect(existsSync(kubeconfig)).toBe(true);
          expect(run("status")).toContain(kubeconfig);
          expect(() => run("up")).toThrow("KINGLET_ERR_REAL_CLUSTER_ALREADY_UP");
        } finally {
          run("down");
        }
        expect(existsSync(kubeconfig)).toBe(false);
        expect(run("status")).toContain("cluster: not running");
      } finally {
        rmSync(cache, { recursive: true });
      }
    });
  },
);

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

function namedBinaries(): Record<string, string> {
  return {
    TEST_ASSET_ETCD: binaries?.etcd ?? "",
    TEST_ASSET_KUBE_APISERVER: binaries?.kubeApiserver ?? "",
    TEST_ASSET_KUBE_CONTROLLER_MANAGER: binaries?.kubeControllerManager ?? "",
  };
}

/** Version that go.mod names: a foreign set of programs may be another one, then only its form is checked. */
function kubernetesVersion(): unknown {
  const isOurs = binaries?.origin.includes("kinglet") === true;
  const goMod = readFileSync(new URL("../go/go.mod", import.meta.url), "utf8");
  return isOurs ? /k8s\.io\/kubernetes (v\S+)/u.exec(goMod)?.[1] : expect.stringMatching(/^v1\./u);
}

/** Process ids whose command line names the folder, other than the watchdog; each cluster has a folder of its own. */
function programsOf(folder: string): string[] {
  const list = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" });
  return list.split("\n").filter((line) => line.includes(folder) && !line.includes("watchdog"));
}

interface Call {
  readonly user?: ClusterUser;
  readonly token?: string;
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

async function call(cluster: RealCluster, method: string, path: string, options: Call = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = {
    authorization: `Bearer ${options.token ?? cluster.tokens[options.user ?? "admin"]}`,
    "content-type": "application/json",
  };
  const agent = new Agent({ keepAlive: false });
  const outgoing = request(
    `${cluster.server}${path}`,
    { method, headers, ca: cluster.caPem, agent, timeout: options.timeoutMs ?? 20_000 },
    (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Answer["body"] }));
    },
  );
  outgoing.on("timeout", () => outgoing.destroy(new Error("no answer")));
  outgoing.on("error", reject);
  outgoing.end(options.body === undefined ? undefined : JSON.stringify(options.body));
  return promise;
}
