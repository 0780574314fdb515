import { expect } from "vitest";
import type { KubeObject, KubeObjectInput } from "../../src/resources/kube-object.ts";
import type { ClientAction } from "./client-action.ts";
import type { ClientShell } from "./client-shell.ts";
import { nestDefinition, rolledOut } from "./sample-objects.ts";

/** A chart of our own: a definition, an object of it, a deployment and its configuration, and a test. */
export const helmActions: readonly ClientAction[] = [
  {
    name: "helm install, list, status, get",
    act: async (client) => {
      const chart = writeChart(client);
      expect(await client.helm("install", "robin", chart, "-n", "garden", "--create-namespace")).toContain(
        "STATUS: deployed\nREVISION: 1\n",
      );
      expect(await client.helm("list", "-A")).toMatch(/^robin\s+garden\s+1\s.*\sdeployed\s+birdhouse-0\.1\.0\s+1\s*$/m);
      expect(await client.helm("status", "robin", "-n", "garden")).toContain("STATUS: deployed");
      expect(await client.helm("get", "manifest", "robin", "-n", "garden")).toContain("kind: Nest");
      expect(await client.kubectl("get", "deploy,cm,nest", "-n", "garden", "-o", "name", "-l", MANAGED)).toBe(
        "deployment.apps/robin\nconfigmap/robin\nnest.example.com/robin\n",
      );
    },
  },
  {
    name: "helm upgrade, history, rollback, upgrade --install",
    act: async (client) => {
      const chart = writeChart(client);
      const greeting = (): Promise<string> => client.kubectl("get", "cm", "robin", "-o", "jsonpath={.data.greeting}");
      expect(await client.helm("upgrade", "--install", "robin", chart)).toContain("REVISION: 1\n");
      expect(await client.helm("upgrade", "robin", chart, "--set", "greeting=tweet")).toContain("REVISION: 2\n");
      expect(await greeting()).toBe("tweet");
      expect(await client.helm("get", "values", "robin")).toContain("greeting: tweet");
      expect(await client.helm("rollback", "robin", "1")).toContain("Rollback was a success");
      expect(await greeting()).toBe("hello");
      expect(await client.helm("history", "robin")).toMatch(
        /^3\s.*\sdeployed\s+birdhouse-0\.1\.0\s+1\s+Rollback to 1\s*$/m,
      );
    },
  },
  {
    name: "helm install --wait",
    act: async (client) => {
      await using install = client.start("helm", ["install", "robin", writeChart(client), "--wait"]);
      await client.until(() => client.sim.list("deployments.apps").length === 1);
      for (const deployment of client.sim.list("deployments.apps")) {
        client.given(replicaSetOf(deployment), { ...deployment, status: rolledOut(1) });
      }
      const { exit, out, err } = await install.ended;
      expect([exit, err]).toEqual([0, ""]);
      expect(out).toContain("STATUS: deployed");
    },
  },
  {
    name: "helm template --validate, install --dry-run=server",
    act: async (client) => {
      const chart = writeChart(client, { withoutDefinition: true });
      client.given(nestDefinition());
      expect(await client.helm("template", "robin", chart, "--validate")).toContain("kind: Deployment");
      expect(await client.helm("install", "robin", chart, "--dry-run=server")).toContain("STATUS: pending-install");
      expect(client.sim.list("deployments.apps")).toEqual([]);
    },
  },
  {
    name: "helm install of what the server refuses",
    act: async (client) => {
      const { exit, err } = await client.run("helm", ["install", "robin", writeChart(client), "--set", "replicas=-1"]);
      expect(exit).toBe(1);
      expect(err).toContain("spec.replicas: Invalid value: -1: must be greater than or equal to 0");
      expect(await client.helm("list", "--failed", "-q")).toBe("robin\n");
    },
  },
  {
    name: "helm uninstall",
    act: async (client) => {
      await client.helm("install", "robin", writeChart(client));
      expect(await client.helm("uninstall", "robin", "--wait")).toBe('release "robin" uninstalled\n');
      expect(await client.helm("list", "-q")).toBe("");
      expect(await client.kubectl("get", "deploy,cm,nest,secret", "-o", "name")).toBe("");
    },
  },
];

const MANAGED = "app.kubernetes.io/managed-by=Helm";

const TEMPLATE = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  greeting: {{ .Values.greeting }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: app, image: "app:1"}]}
---
apiVersion: example.com/v1
kind: Nest
metadata:
  name: {{ .Release.Name }}
spec:
  eggs: 3
`;

/** The ReplicaSet that the deployment's controller would have made, all pods ready: Helm 3 looks for it. */
function replicaSetOf(deployment: KubeObject): KubeObjectInput {
  const { name, namespace = "default", uid } = deployment.metadata;
  const spec = deployment.spec as { selector: object; template: { metadata: { labels: object } } };
  const labels = { ...spec.template.metadata.labels, "pod-template-hash": "1" };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${name}-1`,
      namespace,
      labels,
      ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name, uid, controller: true }],
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { ...spec.template, metadata: { labels } },
    },
    status: { observedGeneration: 1, replicas: 1, readyReplicas: 1, availableReplicas: 1 },
  };
}

function writeChart(client: ClientShell, { withoutDefinition = false } = {}): string {
  client.write("chart/Chart.yaml", "apiVersion: v2\nname: birdhouse\nversion: 0.1.0\nappVersion: '1'\n");
  client.write("chart/values.yaml", "replicas: 1\ngreeting: hello\n");
  client.write("chart/templates/all.yaml", TEMPLATE);
  if (!withoutDefinition) client.write("chart/crds/nests.yaml", nestDefinition());
  return `${client.folder}/chart`;
}
