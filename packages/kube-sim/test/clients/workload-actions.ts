import { expect } from "vitest";
import type { KubeObjectInput } from "../../src/resources/kube-object.ts";
import type { ClientAction } from "./client-action.ts";
import type { ClientShell } from "./client-shell.ts";
import { configMap, deployment, rolledOut, runningPod } from "./sample-objects.ts";

/** What people do with workloads, pods and nodes, as far as that needs neither controllers nor a kubelet. */
export const workloadActions: readonly ClientAction[] = [
  {
    name: "scale, with --current-replicas; autoscale",
    act: async (client) => {
      client.given(deployment("web"));
      expect(await client.kubectl("scale", "deploy", "web", "--replicas=5", "--current-replicas=2")).toBe(
        "deployment.apps/web scaled\n",
      );
      const { exit, err } = await client.run("kubectl", [
        ...["scale", "deploy", "web", "--replicas=1", "--current-replicas=2"],
      ]);
      expect([exit, err]).toEqual([1, "error: Expected replicas to be 2, was 5\n"]);
      expect(await client.kubectl("autoscale", "deploy", "web", "--max=9")).toBe(
        "horizontalpodautoscaler.autoscaling/web autoscaled\n",
      );
      expect(await client.kubectl("get", "hpa", "web", "--no-headers")).toMatch(/^web +Deployment\/web .* 1 +9 +0 /);
    },
  },
  {
    name: "rollout status, restart, pause, resume",
    act: async (client) => {
      client.given({ ...deployment("web"), status: rolledOut(1) });
      const rollout = (verb: string, ...args: string[]): Promise<string> =>
        client.kubectl("rollout", verb, "deploy/web", ...args);
      await using status = client.start("kubectl", ["rollout", "status", "deploy/web"]);
      expect(await status.lines(1)).toEqual([
        'Waiting for deployment "web" rollout to finish: 1 out of 2 new replicas have been updated...',
      ]);
      client.given({ ...deployment("web"), status: rolledOut(2) });
      expect((await status.ended).out).toMatch(/\ndeployment "web" successfully rolled out\n$/);
      expect(await rollout("pause")).toBe("deployment.apps/web paused\n");
      expect(await rollout("resume")).toBe("deployment.apps/web resumed\n");
      expect(await rollout("restart")).toBe("deployment.apps/web restarted\n");
      expect((await client.run("kubectl", ["rollout", "status", "deploy/web", "--timeout=100ms"])).exit).toBe(1);
    },
  },
  {
    name: "rollout history, undo",
    act: async (client) => {
      const { metadata } = client.sim.apply(deployment("web", "app:2"));
      for (const revision of [1, 2]) client.given(replicaSet(metadata.uid, revision));
      expect(await client.kubectl("rollout", "history", "deploy/web")).toMatch(/^1 +<none>\n2 +<none>$/m);
      expect(await client.kubectl("rollout", "undo", "deploy/web", "--to-revision=1")).toBe(
        "deployment.apps/web rolled back\n",
      );
      expect(await imageOf(client)).toBe("app:1");
    },
  },
  {
    name: "set image|env|resources, expose",
    act: async (client) => {
      client.given(deployment("web"));
      const set = (what: string, ...args: string[]): Promise<string> =>
        client.kubectl("set", what, "deploy/web", ...args);
      expect(await set("image", "app=app:7")).toBe("deployment.apps/web image updated\n");
      expect(await set("env", "A=b")).toBe("deployment.apps/web env updated\n");
      expect(await set("resources", "--limits=cpu=200m")).toBe("deployment.apps/web resource requirements updated\n");
      expect(await imageOf(client)).toBe("app:7");
      expect(await client.kubectl("expose", "deploy", "web", "--port=80")).toBe("service/web exposed\n");
      expect(await client.kubectl("get", "svc", "web", "--no-headers")).toMatch(
        /^web +ClusterIP +10\.\S+ +<none> +80\/TCP/,
      );
    },
  },
  {
    name: "run, debug (ephemeral container)",
    act: async (client) => {
      expect(await client.kubectl("run", "p", "--image=app:1", "--labels=a=b")).toBe("pod/p created\n");
      await client.kubectl("debug", "pod/p", "--image=tools:1", "-c", "look", "--attach=false");
      const path = "jsonpath={.spec.ephemeralContainers[*].name}";
      expect(await client.kubectl("get", "pod", "p", "-o", path)).toBe("look");
    },
  },
  {
    name: "logs, exec, attach, port-forward, cp, top: refused in so many words",
    act: async (client) => {
      client.given(runningPod("p"), { ...runningPod("waits"), spec: podSpec(), status: { phase: "Pending" } });
      const refused = async (...args: string[]): Promise<string> => {
        const { exit, err } = await client.run("kubectl", args);
        expect(exit).toBe(1);
        return err;
      };
      expect(await refused("logs", "p", "-c", "none")).toContain("container none is not valid for pod p");
      expect(await refused("logs", "none")).toBe(
        'error: error from server (NotFound): pods "none" not found in namespace "default"\n',
      );
      expect(await refused("logs", "p")).toMatch(/^Error from server/);
      expect(await refused("exec", "waits", "--", "ls")).toContain("pod waits does not have a host assigned");
      expect(await refused("attach", "waits")).toContain("pod waits does not have a host assigned");
      expect(await refused("port-forward", "waits", "8080:80")).toContain("pod is not running");
      expect(await refused("cp", "waits:/a", client.folder)).toContain("pod waits does not have a host assigned");
      expect(await refused("top", "pods")).toBe("error: Metrics API not available\n");
    },
  },
  {
    name: "cordon, taint, drain (evictions), uncordon",
    act: async (client) => {
      client.given({ apiVersion: "v1", kind: "Node", metadata: { name: "node-a" } }, runningPod("p"));
      expect(await client.kubectl("taint", "node", "node-a", "a=b:NoSchedule")).toBe("node/node-a tainted\n");
      expect(await client.kubectl("cordon", "node-a")).toBe("node/node-a cordoned\n");
      const drain = await client.kubectl("drain", "node-a", "--force", "--grace-period=0", "--timeout=10s");
      expect(drain).toContain("evicting pod default/p\n");
      expect(drain).toContain("node/node-a drained\n");
      expect(client.sim.list("pods")).toEqual([]);
      expect(await client.kubectl("uncordon", "node-a")).toBe("node/node-a uncordoned\n");
    },
  },
  {
    name: "certificate approve",
    act: async (client) => {
      client.given({
        apiVersion: "certificates.k8s.io/v1",
        kind: "CertificateSigningRequest",
        metadata: { name: "ann" },
        spec: { request: "YQ==", signerName: "example.com/signer", usages: ["client auth"] },
      });
      expect(await client.kubectl("certificate", "approve", "ann")).toBe(
        "certificatesigningrequest.certificates.k8s.io/ann approved\n",
      );
      expect(await client.kubectl("get", "csr", "ann", "--no-headers")).toMatch(/Approved\n$/);
    },
  },
  {
    name: "cluster-info dump",
    act: async (client) => {
      client.given(configMap("a"), deployment("web"));
      expect(await client.kubectl("cluster-info", "dump", "--namespaces=default")).toContain(
        '"kind": "DeploymentList"',
      );
    },
  },
];

function podSpec(): object {
  return { containers: [{ name: "app", image: "app:1" }] };
}

function imageOf(client: ClientShell): Promise<string> {
  return client.kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.template.spec.containers[*].image}");
}

function replicaSet(owner: string, revision: number): KubeObjectInput {
  const { spec } = deployment("web", `app:${revision}`);
  const labels = { app: "web", "pod-template-hash": `h${revision}` };
  const { template } = spec as { template: { spec: object } };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `web-h${revision}`,
      namespace: "default",
      labels,
      annotations: { "deployment.kubernetes.io/revision": String(revision) },
      ownerReferences: [{ apiVersion: "apps/v1", kind: "Deployment", name: "web", uid: owner, controller: true }],
    },
    spec: { replicas: 0, selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } },
  };
}
