import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { openRealCluster, type RealCluster } from "@kinglet-tools/real-cluster";
import {
  apiCall,
  apiRequest,
  installCrds,
  openTempDir,
  TetragonLineWriter,
  waitFor,
  type ClusterFixture,
  type TempDir,
} from "@kinglet/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ComponentActs } from "./component-acts.ts";
import { shortLearning } from "./learning-bench.ts";
import { isSkipped, realTitle } from "./open-real-fixture.ts";
import { SensorProcess } from "./sensor-process.ts";
import { addRun, addWorkload, executes, nodeName, prepareShop } from "./shop.ts";

const manifest = join(import.meta.dirname, "../../../../deploy/manifests/sensor.yaml");
const nonRootManifest = join(import.meta.dirname, "../../../../deploy/manifests/sensor-non-root.yaml");

/** Where the API keeps each kind of the manifest. */
const collections: Readonly<Record<string, string>> = {
  Namespace: "/api/v1/namespaces",
  ServiceAccount: "/api/v1/namespaces/kinglet/serviceaccounts",
  ClusterRole: "/apis/rbac.authorization.k8s.io/v1/clusterroles",
  ClusterRoleBinding: "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
  DaemonSet: "/apis/apps/v1/namespaces/kinglet/daemonsets",
};

const bindings = "/apis/kubescape.io/v1/runtimerulealertbindings";

const clusterRoleBinding = `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: kinglet-sensor-cluster
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: kinglet-sensor-cluster
subjects:
  - kind: ServiceAccount
    name: sensor
    namespace: kinglet
`;

describe.skipIf(isSkipped)(realTitle("deploy/manifests/sensor.yaml"), () => {
  let cluster: RealCluster;
  let fixture: Pick<ClusterFixture, "server" | "caPem" | "adminToken"> & ClusterFixture;
  let kubeconfig: string;
  let folder: TempDir;
  let events: TetragonLineWriter;
  let namespace: string;
  let tests = 0;
  const acts = new ComponentActs();

  beforeAll(async () => {
    cluster = await openRealCluster();
    fixture = {
      kind: "real",
      server: cluster.server,
      caPem: cluster.caPem,
      kubeconfigPath: cluster.kubeconfigPath,
      adminToken: cluster.tokens.admin,
      canRestart: true,
      restart: () => cluster.restartApiServer(),
      [Symbol.asyncDispose]: () => cluster.stop(),
    };
    kubeconfig = await cluster.kubeconfigFor("sensor");
    await installCrds(fixture);
  });
  afterAll(() => cluster?.stop());
  beforeEach(async () => {
    tests += 1;
    namespace = `rbac-${String(tests)}`;
    folder = await openTempDir("kinglet rbac ");
    events = new TetragonLineWriter(folder.file("tetragon.log"));
    await events.write();
    await prepareShop(fixture, namespace);
  });
  afterEach(async () => {
    await apiRequest(fixture, "DELETE", `${bindings}/by-label`);
    await events.close();
    await folder[Symbol.asyncDispose]();
  });

  const startSensor = (...args: readonly string[]): Promise<SensorProcess> =>
    SensorProcess.start({
      folder: folder.path,
      kubeconfig,
      tetragonFile: events.path,
      args: [...shortLearning, ...args],
    });

  /** Sees a container execute what its profile does not list, one talk to a service, a run of a CronJob, and a binding that goes by labels. */
  const seesWork = async (sensor: SensorProcess): Promise<void> => {
    const cart = await addWorkload(fixture, namespace, "cart");
    const bad = executes(cart, "/usr/bin/nc");
    await events.write(bad.line);
    const alert = await sensor.alert((row) => row.process.execId === bad.execId, "for nc");
    expect(alert).toMatchObject({ namespace, workloadName: "cart" });
    await addRun(fixture, namespace, "backup-28000000");
    await waitFor(async () => (await requests(sensor)).has("get pods"), { describe: "the pod of a run to be fetched" });
    // One profile is learned from nothing, another one has something added: each way of writing is seen.
    const fresh = await addWorkload(fixture, namespace, "fresh", { hasProfile: false });
    await events.write(executes(fresh, "/app").line, acts.connects(fresh, "10.96.7.7", 443));
    await waitFor(async () => (await requests(sensor)).has("create containerprofiles"), {
      describe: "what is learned to be stored",
    });
    await events.write(executes(fresh, "/more").line);
    await waitFor(async () => (await requests(sensor)).has("update containerprofiles"), {
      describe: "more to be stored",
    });
    await waitFor(async () => (await requests(sensor)).has("watch rules"), { describe: "the rules to be followed" });
    await waitFor(async () => (await requests(sensor)).has("list services"), { describe: "the peer to be looked for" });
    await apiCall(fixture, "POST", bindings, {
      apiVersion: "kubescape.io/v1",
      kind: "RuntimeRuleAlertBinding",
      metadata: { name: "by-label" },
      spec: { namespaceSelector: { matchLabels: { team: "a" } }, podSelector: {}, rules: [{ ruleID: "R0001" }] },
    });
    await waitFor(async () => (await requests(sensor)).has("watch namespaces"), {
      describe: "the labels of namespaces to be followed",
    });
  };

  /** Which kinds there are every user may ask. */
  const everybodyMay = new Set(["get raw"]);

  it("is accepted by the server field by field", async () => {
    for (const document of (await readFile(manifest, "utf8")).split(/^---$/m)) await apply(fixture, document);
    await apply(fixture, await readFile(nonRootManifest, "utf8"));
  });

  it("permits what a sensor does that watches its node, and nothing else", async () => {
    await using sensor = await startSensor("--node-name", nodeName);
    await sensor.ready();
    await seesWork(sensor);
    const used = await requests(sensor);
    expect(used).toContain("get containerprofiles");
    expect(used).toEqual((await rulesOf("kinglet-sensor")).union(everybodyMay));
    expect(await sensor.stop()).toBe(0);
  });

  it("has a binding by labels hold while the role does not let the sensor list namespaces [bindings E-3]", async () => {
    const role = (await readFile(manifest, "utf8"))
      .split(/^---$/m)
      .find((text) => kindOf(text) === "ClusterRole" && nameOf(text) === "kinglet-sensor");
    const reduced = role!.replace(/ {2}- apiGroups: \[""\]\n {4}resources: \[namespaces\]\n(?: {4}.*\n)+/, "");
    expect(reduced).not.toBe(role);
    await apply(fixture, reduced);
    try {
      const cart = await addWorkload(fixture, namespace, "cart");
      await apiCall(fixture, "POST", bindings, {
        apiVersion: "kubescape.io/v1",
        kind: "RuntimeRuleAlertBinding",
        metadata: { name: "by-label" },
        spec: { namespaceSelector: { matchLabels: { team: "a" } }, podSelector: {}, rules: [{ ruleID: "R0001" }] },
      });
      await using sensor = await startSensor("--node-name", nodeName);
      await sensor.ready();
      const bad = executes(cart, "/usr/bin/nc");
      await events.write(bad.line);
      await sensor.alert(({ process }) => process.execId === bad.execId, "by a binding whose labels are not known");
      const gauge = "kinglet_sensor_bindings_without_namespace_labels";
      expect(await sensor.metric(gauge)).toBe(1);
      await apply(fixture, role!);
      await waitFor(async () => (await sensor.metric(gauge)) === 0, {
        describe: "the labels to be known",
        timeoutMs: 60_000,
      });
      expect(await sensor.stop()).toBe(0);
    } finally {
      await apply(fixture, role!);
    }
  });

  it("permits, with the role for it, what a sensor does that watches profiles, and nothing else", async () => {
    await apply(fixture, clusterRoleBinding.replaceAll("kinglet-sensor-cluster", "kinglet-sensor-profile-watch"));
    await using sensor = await startSensor("--node-name", nodeName, "--profile-watch");
    await sensor.ready();
    await seesWork(sensor);
    const permitted = (await rulesOf("kinglet-sensor-profile-watch")).union(await rulesOf("kinglet-sensor"));
    await waitFor(async () => permitted.isSubsetOf(await requests(sensor)), { describe: "the watches of profiles" });
    expect(await requests(sensor)).toEqual(permitted.union(everybodyMay));
    expect(await sensor.stop()).toBe(0);
  });

  it("leaves a sensor that watches the cluster waiting with the reason while the second role is not bound", async () => {
    await using sensor = await startSensor("--scope", "cluster");
    await waitFor(async () => (await sensor.http("/readyz")).text.includes("replicasets"), {
      describe: "the reason in /readyz",
    });
    const { status, text } = await sensor.http("/readyz");
    expect(status).toBe(503);
    expect(text).toMatch(/\[-\] cluster: .*forbidden/i);
    expect(await sensor.stop()).toBe(0);
  });

  it("permits, with the second role, what a sensor does that watches the cluster, and nothing else", async () => {
    await apply(fixture, clusterRoleBinding);
    await using sensor = await startSensor("--scope", "cluster");
    await sensor.ready();
    await seesWork(sensor);
    const watching = (await rulesOf("kinglet-sensor-cluster")).union(await rulesOf("kinglet-sensor"));
    expect(await requests(sensor)).toEqual(watching.union(everybodyMay));
    expect(await sensor.stop()).toBe(0);
  });
});

/** What a sensor asked of the API, as `verb resource`; fails when something was refused. */
async function requests(sensor: SensorProcess): Promise<ReadonlySet<string>> {
  const { text } = await sensor.http("/metrics");
  const asked = new Set<string>();
  for (const line of text.split("\n").filter((row) => row.startsWith("kinglet_kube_requests_total{"))) {
    const label = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(line)?.[1] ?? "";
    expect(label("code"), line).not.toBe("403");
    // The client calls a PUT what it does, the authorizer what it is called there.
    asked.add(`${label("verb").replace(/^replace$/, "update")} ${label("resource")}`);
  }
  return asked;
}

/** What a role of the manifest grants, as `verb resource`. */
async function rulesOf(role: string): Promise<ReadonlySet<string>> {
  const documents = (await readFile(manifest, "utf8")).split(/^---$/m);
  const document = documents.find((text) => kindOf(text) === "ClusterRole" && nameOf(text) === role) ?? "";
  const granted = new Set<string>();
  for (const [, resources = "", verbs = ""] of document.matchAll(
    /resources: \[(.*)\]\n(?:\s+#.*\n)*\s+verbs: \[(.*)\]/g,
  )) {
    for (const resource of resources.split(", ")) {
      for (const verb of verbs.split(", ")) granted.add(`${verb} ${resource}`);
    }
  }
  return granted;
}

/** Server-side apply of one YAML document; unknown and repeated fields are refused. */
function apply(fixture: Pick<ClusterFixture, "server" | "caPem" | "adminToken">, document: string): Promise<void> {
  const path = `${collections[kindOf(document)] ?? ""}/${nameOf(document)}?fieldManager=test&fieldValidation=Strict`;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, fixture.server),
      {
        method: "PATCH",
        agent: false,
        ca: fixture.caPem,
        headers: {
          authorization: `Bearer ${fixture.adminToken}`,
          "content-type": "application/apply-patch+yaml",
          "content-length": Buffer.byteLength(document),
        },
      },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        answer.on("end", () => {
          if ((answer.statusCode ?? 0) < 300) resolve();
          else reject(new Error(`PATCH ${path} was answered with ${String(answer.statusCode)}: ${text}`));
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(document);
  });
}

function kindOf(document: string): string {
  return /^kind: (\S+)$/m.exec(document)?.[1] ?? "";
}

function nameOf(document: string): string {
  return /^metadata:\n {2}name: (\S+)$/m.exec(document)?.[1] ?? "";
}
