import { expect } from "vitest";
import type { ClientAction } from "./client-action.ts";
import type { ClientShell } from "./client-shell.ts";
import { configMap, deployment, nestDefinition, rolledOut, runningPod } from "./sample-objects.ts";

/** Discovery, get, watch, describe, explain, wait. */
export const readingActions: readonly ClientAction[] = [
  {
    name: "version",
    act: async (client) => expect(await client.kubectl("version")).toContain("Server Version: v1.36.3\n"),
  },
  {
    name: "api-resources, with two discovery requests",
    act: async (client) => {
      const out = await client.kubectl("api-resources");
      expect(out).toMatch(/^pods +po +v1 +true +Pod$/m);
      expect(out).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment$/m);
      expect(client.sim.journal().map(({ path, status }) => `${status} ${path}`)).toEqual(["200 /api", "200 /apis"]);
    },
  },
  {
    name: "api-resources --api-group= --verbs= -o wide",
    act: async (client) =>
      expect(await client.kubectl("api-resources", "--api-group=batch", "--verbs=list,patch", "-o", "wide")).toMatch(
        /^cronjobs +cj +batch\/v1 +true +CronJob +create,delete,deletecollection,get,list,patch,update,watch +all$/m,
      ),
  },
  {
    name: "api-versions",
    act: async (client) => expect(await client.kubectl("api-versions")).toMatch(/^apps\/v1\n(.*\n)*v1\n$/m),
  },
  {
    name: "cluster-info",
    act: async (client) => expect(await client.kubectl("cluster-info")).toContain(client.sim.server),
  },
  {
    name: "explain",
    act: async (client) => {
      const out = await client.kubectl("explain", "deployment.spec.replicas");
      expect(out).toContain("GROUP:      apps\nKIND:       Deployment\nVERSION:    v1\n\nFIELD: replicas <integer>\n");
      expect(await client.kubectl("explain", "pods", "--recursive")).toMatch(/^ {4}containers\t<\[\]Container>/m);
    },
  },
  {
    name: "get (table of the server)",
    act: async (client) => {
      client.given(runningPod("a"), runningPod("b", "other"));
      expect(await client.kubectl("get", "pods")).toMatch(
        /^NAME +READY +STATUS +RESTARTS +AGE\na +1\/1 +Running +0 +\d+s\n$/,
      );
      expect(await client.kubectl("get", "po", "-A", "-o", "wide", "--show-labels")).toMatch(
        /^NAMESPACE +NAME .* NODE .* LABELS\ndefault +a .* 10\.1\.0\.1 +node-a .* app=a\nother +b .* app=b\n$/,
      );
    },
  },
  {
    name: "get -o json|yaml|name|jsonpath|go-template|custom-columns",
    act: async (client) => {
      client.given(runningPod("a"));
      const get = (output: string): Promise<string> => client.kubectl("get", "pod/a", "-o", output);
      expect(JSON.parse(await get("json"))).toMatchObject({ kind: "Pod", status: { phase: "Running" } });
      expect(await get("yaml")).toMatch(/^apiVersion: v1\nkind: Pod\nmetadata:\n/);
      expect(await get("name")).toBe("pod/a\n");
      expect(await get("jsonpath={.spec.nodeName}")).toBe("node-a");
      expect(await get("go-template={{.status.podIP}}")).toBe("10.1.0.1");
      expect(await get("custom-columns=N:.metadata.name,IP:.status.podIP")).toMatch(/^N +IP\na +10\.1\.0\.1\n$/);
    },
  },
  {
    name: "get -l, --field-selector, --sort-by",
    act: async (client) => {
      client.given(runningPod("a"), runningPod("b"), runningPod("c"));
      const get = (...args: string[]): Promise<string> => client.kubectl("get", "pods", "-o", "name", ...args);
      expect(await get("-l", "app in (a, b)")).toBe("pod/a\npod/b\n");
      expect(await get("--field-selector", "metadata.name!=b,status.phase=Running")).toBe("pod/a\npod/c\n");
      expect(await get("--sort-by={.metadata.name}")).toBe("pod/a\npod/b\npod/c\n");
    },
  },
  {
    name: "get --chunk-size (pages)",
    act: async (client) => {
      client.sim.load({ nodes: 5 });
      expect((await client.kubectl("get", "nodes", "--chunk-size=2", "--no-headers")).match(/\n/g)).toHaveLength(5);
      expect(client.sim.journal().filter(({ query }) => query["continue"] !== undefined)).toHaveLength(2);
    },
  },
  {
    name: "get of several kinds, and all",
    act: async (client) => {
      client.given(deployment("web"), runningPod("a"), configMap("c"));
      expect(await client.kubectl("get", "deploy,cm", "-o", "name")).toBe("deployment.apps/web\nconfigmap/c\n");
      expect(await client.kubectl("get", "all")).toMatch(/pod\/a .*\n\nNAME .*\ndeployment.apps\/web +0\/2/);
    },
  },
  {
    name: "get of what is not there",
    act: async (client) => {
      expect(await client.run("kubectl", ["get", "pod", "x"])).toEqual({
        exit: 1,
        out: "",
        err: 'Error from server (NotFound): pods "x" not found\n',
      });
      expect((await client.run("kubectl", ["get", "birds"])).err).toBe(
        'error: the server doesn\'t have a resource type "birds"\n',
      );
      expect(await client.kubectl("get", "pod", "x", "--ignore-not-found")).toBe("");
    },
  },
  {
    name: "get --subresource=status|scale",
    act: async (client) => {
      client.given({ ...deployment("web"), status: rolledOut() });
      expect(await client.kubectl("get", "deploy", "web", "--subresource=scale", "-o", "name")).toBe(
        "scale.autoscaling/web\n",
      );
      expect(await client.kubectl("get", "deploy", "web", "--subresource=status")).toMatch(/^web +2\/2 /m);
    },
  },
  {
    name: "get --watch",
    act: async (client) => {
      client.given(runningPod("a"));
      await using watch = client.start("kubectl", ["get", "pods", "--watch", "--output-watch-events"]);
      expect((await watch.lines(2))[1]).toMatch(/^ADDED +a +1\/1 +Running/);
      client.given({ ...runningPod("a"), status: { phase: "Failed" } });
      client.sim.remove("pods", "default", "a");
      const [, , changed, gone] = await watch.lines(4);
      expect(changed).toMatch(/^MODIFIED +a +0\/1 +Failed/);
      expect(gone).toMatch(/^DELETED +a /);
    },
  },
  {
    name: "get --watch-only -o name, over a lost connection",
    act: async (client) => {
      client.given(configMap("old"));
      await using watch = client.start("kubectl", ["get", "cm", "--watch-only", "-o", "name"]);
      await client.until(() => countWatches(client) === 1);
      client.given(configMap("new"));
      expect(await watch.lines(1)).toEqual(["configmap/new"]);
      await client.sim.restart();
      expect((await watch.ended).exit).toBe(0);
    },
  },
  {
    name: "describe",
    act: async (client) => {
      client.given(
        { apiVersion: "v1", kind: "Node", metadata: { name: "node-a" }, status: { capacity: { cpu: "4" } } },
        deployment("web"),
        nestDefinition(),
        event("a", client.sim.apply(runningPod("a")).metadata.uid),
      );
      const pod = await client.kubectl("describe", "pod", "a");
      expect(pod).toMatch(/^Name: +a\nNamespace: +default\n/);
      expect(pod).toMatch(/Warning +BackOff +\S+ +kubelet +Back-off restarting/);
      expect(await client.kubectl("describe", "deploy", "web")).toMatch(/^StrategyType: +RollingUpdate$/m);
      expect(await client.kubectl("describe", "node", "node-a")).toMatch(/^ {2}cpu: +4$/m);
      expect(await client.kubectl("describe", "ns", "default")).toContain("No resource quota.");
      expect(await client.kubectl("describe", "crd")).toMatch(/^Name: +nests\.example\.com$/m);
    },
  },
  {
    name: "events, get events",
    act: async (client) => {
      client.given(runningPod("a"), event("a", "1"), event("b", "2"));
      expect(await client.kubectl("events", "--for", "pod/a")).toMatch(
        /^LAST SEEN .*\n\S+ +Warning +BackOff +Pod\/a +Back-off restarting\n$/,
      );
      expect(await client.kubectl("get", "events")).toMatch(/^\S+ +Warning +BackOff +pod\/b +Back-off restarting$/m);
    },
  },
  {
    name: "wait --for=condition|jsonpath|create",
    act: async (client) => {
      client.given({ ...runningPod("a"), status: { phase: "Pending" } });
      const ready = client.start("kubectl", ["wait", "--for=condition=Ready", "pod/a"]);
      const phase = client.start("kubectl", ["wait", "--for=jsonpath={.status.phase}=Running", "pod", "-l", "app=a"]);
      const made = client.start("kubectl", ["wait", "--for=create", "cm/late"]);
      await client.until(() => countWatches(client) === 2 && client.sim.journal().some(({ status }) => status === 404));
      client.given(runningPod("a"), configMap("late"));
      expect((await ready.ended).out).toBe("pod/a condition met\n");
      expect((await phase.ended).out).toBe("pod/a condition met\n");
      expect((await made.ended).out).toBe("configmap/late condition met\n");
    },
  },
  {
    name: "wait --for=delete",
    act: async (client) => {
      client.given(configMap("a"));
      await using wait = client.start("kubectl", ["wait", "--for=delete", "cm/a"]);
      await client.until(() => countWatches(client) === 1);
      client.sim.remove("configmaps", "default", "a");
      expect(await wait.ended).toEqual({ exit: 0, out: "configmap/a condition met\n", err: "" });
    },
  },
  {
    name: "wait --timeout",
    act: async (client) => {
      client.given({ ...runningPod("a"), status: { phase: "Pending" } });
      const { exit, err } = await client.run("kubectl", ["wait", "--for=condition=Ready", "pod/a", "--timeout=200ms"]);
      expect([exit, err]).toEqual([1, "error: timed out waiting for the condition on pods/a\n"]);
    },
  },
  {
    name: "get|create|replace|delete --raw",
    act: async (client) => {
      expect(await client.kubectl("get", "--raw", "/readyz?verbose")).toContain("readyz check passed");
      expect(JSON.parse(await client.kubectl("get", "--raw", "/api/v1/namespaces?limit=1"))).toMatchObject({
        kind: "NamespaceList",
        metadata: { remainingItemCount: 3 },
      });
      const path = "/api/v1/namespaces/default/configmaps";
      const made = JSON.parse(
        await client.kubectl("create", "--raw", path, "-f", client.write("a.json", configMap("a"))),
      );
      const changed = client.write("b.json", { ...(made as object), data: { key: "2" } });
      expect(JSON.parse(await client.kubectl("replace", "--raw", `${path}/a`, "-f", changed))).toMatchObject({
        data: { key: "2" },
      });
      expect(JSON.parse(await client.kubectl("delete", "--raw", `${path}/a`))).toMatchObject({ status: "Success" });
    },
  },
];

function countWatches(client: ClientShell): number {
  return client.sim.journal().filter(({ query }) => query["watch"] !== undefined).length;
}

function event(
  pod: string,
  uid: string,
): { apiVersion: string; kind: string; metadata: { name: string; namespace: string } } {
  const now = new Date().toISOString().replace(/\.\d+/, "");
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${pod}.1`, namespace: "default" },
    ...{
      involvedObject: { apiVersion: "v1", kind: "Pod", name: pod, namespace: "default", uid },
      type: "Warning",
      reason: "BackOff",
      message: "Back-off restarting",
      source: { component: "kubelet" },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    },
  };
}
