import { expect } from "vitest";
import type { ClientAction } from "./client-action.ts";
import type { ClientShell } from "./client-shell.ts";
import { configMap, deployment, runningPod } from "./sample-objects.ts";

/** create, apply, patch, replace, delete and what is made of them. */
export const writingActions: readonly ClientAction[] = [
  {
    name: "apply (client side): created, unchanged, configured",
    act: async (client) => {
      const apply = (image: string): Promise<string> =>
        client.kubectl("apply", "-f", client.write("web.json", deployment("web", image)));
      expect(await apply("app:1")).toBe("deployment.apps/web created\n");
      expect(await apply("app:1")).toBe("deployment.apps/web unchanged\n");
      expect(await apply("app:2")).toBe("deployment.apps/web configured\n");
      expect(await client.kubectl("apply", "view-last-applied", "deploy/web")).toContain("image: app:2\n");
      expect(await client.kubectl("get", "deploy", "web", "-o", "jsonpath={.metadata.generation}")).toBe("2");
    },
  },
  {
    name: "apply of YAML from standard input, with what is wrong in it",
    act: async (client) => {
      const yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\nbirds:\n  wren: '1'\n";
      const { exit, err } = await client.run("kubectl", ["apply", "-f", "-"], yaml);
      expect([exit, err]).toEqual([
        1,
        'Error from server (BadRequest): error when creating "STDIN": ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "birds"\n',
      ]);
      const loose = await client.run("kubectl", ["apply", "--validate=warn", "-f", "-"], yaml);
      expect(loose).toEqual({ exit: 0, out: "configmap/a created\n", err: 'Warning: unknown field "birds"\n' });
    },
  },
  {
    name: "apply --prune",
    act: async (client) => {
      const two = ["a", "b"].map((name) => labelled(name));
      await client.kubectl("apply", "-f", client.write("two.json", { apiVersion: "v1", kind: "List", items: two }));
      const file = client.write("one.json", labelled("a"));
      expect(
        await client.kubectl("apply", "-f", file, "--prune", "-l", "set=x", "--prune-allowlist=core/v1/ConfigMap"),
      ).toBe("configmap/a unchanged\nconfigmap/b pruned\n");
    },
  },
  {
    name: "apply -k",
    act: async (client) => {
      client.write("base/kustomization.yaml", "namePrefix: my-\nresources: [web.json]\n");
      client.write("base/web.json", deployment("web"));
      expect(await client.kubectl("apply", "-k", `${client.folder}/base`)).toBe("deployment.apps/my-web created\n");
    },
  },
  {
    name: "apply --server-side, with a conflict, and by force",
    act: async (client) => {
      const apply = (manager: string, image: string, ...args: string[]): Promise<{ exit: number; err: string }> =>
        client.run("kubectl", [
          ...["apply", "--server-side", `--field-manager=${manager}`, ...args],
          ...["-f", client.write(`${manager}.json`, deployment("web", image))],
        ]);
      expect(await apply("one", "app:1")).toEqual({
        exit: 0,
        out: "deployment.apps/web serverside-applied\n",
        err: "",
      });
      const refused = await apply("two", "app:2");
      expect(refused.exit).toBe(1);
      expect(refused.err).toMatch(
        /^error: Apply failed with 1 conflict: conflict with "one": \.spec\.template\.spec\.containers\[name="app"\]\.image\n/,
      );
      expect((await apply("two", "app:2", "--force-conflicts")).exit).toBe(0);
      expect(await client.kubectl("get", "deploy", "web", "-o", IMAGES)).toBe("app:2");
    },
  },
  {
    name: "apply --server-side of what was applied by the client",
    act: async (client) => {
      await client.kubectl("apply", "-f", client.write("web.json", deployment("web")));
      const file = client.write("next.json", deployment("web", "app:2"));
      expect(await client.kubectl("apply", "--server-side", "-f", file)).toBe(
        "deployment.apps/web serverside-applied\n",
      );
      const managers = await client.kubectl("get", "deploy", "web", "--show-managed-fields", "-o", MANAGERS);
      expect(managers).toBe("kubectl-last-applied:Apply kubectl:Apply ");
    },
  },
  {
    name: "create -f, create of what is there",
    act: async (client) => {
      const file = client.write("a.json", configMap("a"));
      expect(await client.kubectl("create", "-f", file)).toBe("configmap/a created\n");
      expect(await client.run("kubectl", ["create", "-f", file])).toEqual({
        exit: 1,
        out: "",
        err: `Error from server (AlreadyExists): error when creating "${file}": configmaps "a" already exists\n`,
      });
    },
  },
  {
    name: "create configmap|secret|namespace|quota|priorityclass (protobuf from 1.32)",
    act: async (client) => {
      const create = (...args: string[]): Promise<string> => client.kubectl("create", ...args);
      expect(await create("configmap", "c", "--from-literal=key=v")).toBe("configmap/c created\n");
      expect(await client.kubectl("get", "cm", "c", "-o", "jsonpath={.data}")).toBe('{"key":"v"}');
      expect(await create("secret", "generic", "s", "--from-literal=key=v")).toBe("secret/s created\n");
      expect(await client.kubectl("get", "secret", "s", "-o", "jsonpath={.data.key}")).toBe("dg==");
      expect(await create("namespace", "n")).toBe("namespace/n created\n");
      expect(await create("quota", "q", "--hard=pods=3")).toBe("resourcequota/q created\n");
      expect(await create("priorityclass", "p", "--value=10")).toBe("priorityclass.scheduling.k8s.io/p created\n");
    },
  },
  {
    name: "create deployment|service|ingress|cronjob|job --from|pdb",
    act: async (client) => {
      const create = (...args: string[]): Promise<string> => client.kubectl("create", ...args);
      expect(await create("deployment", "web", "--image=app:1", "--replicas=2")).toBe("deployment.apps/web created\n");
      expect(await create("service", "clusterip", "web", "--tcp=80")).toBe("service/web created\n");
      expect(await create("ingress", "web", "--rule=a.example/*=web:80")).toBe(
        "ingress.networking.k8s.io/web created\n",
      );
      expect(await create("cronjob", "night", "--image=app:1", "--schedule=0 1 * * *")).toBe(
        "cronjob.batch/night created\n",
      );
      expect(await create("job", "now", "--from=cronjob/night")).toBe("job.batch/now created\n");
      expect(await create("pdb", "web", "--selector=app=web", "--min-available=1")).toBe(
        "poddisruptionbudget.policy/web created\n",
      );
    },
  },
  {
    name: "create with what the server refuses",
    act: async (client) => {
      const file = client.write("bad.json", {
        ...deployment("web"),
        spec: { ...deployment("web").spec, replicas: -1 },
      });
      expect((await client.run("kubectl", ["create", "-f", file])).err).toBe(
        'The Deployment "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0\n',
      );
    },
  },
  {
    name: "create|apply|delete --dry-run=server",
    act: async (client) => {
      client.given(configMap("there"));
      const file = client.write("a.json", configMap("a"));
      expect(await client.kubectl("create", "--dry-run=server", "-f", file)).toBe(
        "configmap/a created (server dry run)\n",
      );
      expect(await client.kubectl("apply", "--dry-run=server", "-f", file)).toBe(
        "configmap/a created (server dry run)\n",
      );
      expect(await client.kubectl("delete", "cm", "there", "--dry-run=server")).toContain('configmap "there" deleted');
      expect(client.sim.list("configmaps").filter(isIn("default")).map(nameOf)).toEqual(["there"]);
    },
  },
  {
    name: "create --dry-run=client -o yaml",
    act: async (client) =>
      expect(await client.kubectl("create", "deploy", "web", "--image=a", "--dry-run=client", "-o", "yaml")).toContain(
        "    spec:\n      containers:\n      - image: a\n",
      ),
  },
  {
    name: "diff, and diff --server-side",
    act: async (client) => {
      await client.kubectl("apply", "-f", client.write("web.json", deployment("web")));
      const same = client.write("web.json", deployment("web"));
      expect(await client.run("kubectl", ["diff", "-f", same])).toEqual({ exit: 0, out: "", err: "" });
      const next = client.write("next.json", deployment("web", "app:2"));
      for (const args of [[], ["--server-side", "--force-conflicts"]]) {
        const { exit, out } = await client.run("kubectl", ["diff", ...args, "-f", next]);
        expect(exit).toBe(1);
        expect(out).toMatch(/^-generation: 1|^- {2}generation: 1$/m);
        expect(out).toMatch(/^- +- image: app:1\n\+ +- image: app:2$/m);
      }
    },
  },
  {
    name: "patch --type=strategic|merge|json, --subresource",
    act: async (client) => {
      client.given(deployment("web"));
      const patch = (...args: string[]): Promise<string> => client.kubectl("patch", "deploy", "web", ...args);
      const image = (name: string): string =>
        JSON.stringify({ spec: { template: { spec: { containers: [{ name: "app", image: name }] } } } });
      expect(await patch("-p", image("app:2"))).toBe("deployment.apps/web patched\n");
      expect(await patch("-p", image("app:2"))).toBe("deployment.apps/web patched (no change)\n");
      expect(await patch("--type=merge", "-p", image("app:3"))).toBe("deployment.apps/web patched\n");
      const path = "/spec/template/spec/containers/0/image";
      const json = JSON.stringify([
        { op: "test", path, value: "app:3" },
        { op: "replace", path, value: "app:4" },
      ]);
      expect(await patch("--type=json", "-p", json)).toBe("deployment.apps/web patched\n");
      expect(await client.kubectl("get", "deploy", "web", "-o", IMAGES)).toBe("app:4");
      await patch("--subresource=status", "--type=merge", "-p", '{"status":{"replicas":3}}');
      expect(await client.kubectl("get", "deploy", "web", "-o", "jsonpath={.status.replicas}")).toBe("3");
    },
  },
  {
    name: "label, annotate",
    act: async (client) => {
      client.given(runningPod("a"), runningPod("b"));
      expect(await client.kubectl("label", "pod", "a", "tier=front")).toBe("pod/a labeled\n");
      expect((await client.run("kubectl", ["label", "pod", "a", "tier=back"])).err).toContain(
        "'tier' already has a value (front)",
      );
      expect(await client.kubectl("label", "--overwrite", "pods", "--all", "tier=back")).toBe(
        "pod/a labeled\npod/b labeled\n",
      );
      expect(await client.kubectl("label", "pod", "a", "tier-")).toBe("pod/a unlabeled\n");
      expect(await client.kubectl("annotate", "pod", "a", "note=x")).toBe("pod/a annotated\n");
      expect(await client.kubectl("get", "pod", "a", "-o", "jsonpath={.metadata.annotations.note}")).toBe("x");
    },
  },
  {
    name: "replace, replace --force, edit",
    act: async (client) => {
      client.given(configMap("a"));
      const file = client.write("a.json", configMap("a", { key: "2" }));
      expect(await client.kubectl("replace", "-f", file)).toBe("configmap/a replaced\n");
      expect(await client.kubectl("replace", "--force", "-f", file)).toMatch(
        /^configmap "a" deleted.*\nconfigmap\/a replaced\n$/,
      );
      const { chmodSync } = await import("node:fs");
      chmodSync(client.write("editor", '#!/bin/sh\nsed -i \'s/key: "2"/key: "3"/\' $1\n'), 0o755);
      expect(await client.kubectl("edit", "cm", "a")).toBe("configmap/a edited\n");
      expect(await client.kubectl("get", "cm", "a", "-o", "jsonpath={.data.key}")).toBe("3");
    },
  },
  {
    name: "delete by name, file, label; it waits until they are gone",
    act: async (client) => {
      client.given(...["a", "b", "c", "d"].map((name) => labelled(name)), runningPod("p"));
      expect(await client.kubectl("delete", "cm", "a", "b")).toMatch(/^configmap "a" deleted.*\nconfigmap "b" deleted/);
      expect(await client.kubectl("delete", "-f", client.write("c.json", labelled("c")))).toContain('"c" deleted');
      expect(await client.kubectl("delete", "cm", "-l", "set=x")).toContain('configmap "d" deleted');
      expect(await client.kubectl("delete", "cm", "d", "--ignore-not-found")).toBe("");
      const { out, err } = await client.run("kubectl", ["delete", "pod", "p", "--force", "--grace-period=0"]);
      expect(out).toMatch(/^pod "p" force deleted/);
      expect(err).toContain("Immediate deletion does not wait");
      expect(client.sim.list("pods")).toEqual([]);
    },
  },
  {
    name: "delete of what has a finalizer: --wait=false, --timeout",
    act: async (client) => {
      const object = configMap("a");
      client.given({ ...object, metadata: { ...object.metadata, finalizers: ["example.com/hold"] } });
      expect(await client.kubectl("delete", "cm", "a", "--wait=false")).toContain('configmap "a" deleted');
      const { exit, err } = await client.run("kubectl", ["delete", "cm", "a", "--timeout=300ms"]);
      expect([exit, err]).toEqual([1, "error: timed out waiting for the condition on configmaps/a\n"]);
      expect(await client.kubectl("patch", "cm", "a", "--type=merge", "-p", '{"metadata":{"finalizers":[]}}')).toBe(
        "configmap/a patched\n",
      );
      expect(await client.kubectl("get", "cm", "a", "--ignore-not-found")).toBe("");
    },
  },
  {
    name: "delete --cascade=background|foreground|orphan",
    act: async (client) => {
      const remaining = async (cascade: string): Promise<readonly string[]> => {
        const owner = client.sim.apply({ ...configMap(cascade) });
        const { uid, name } = owner.metadata;
        const kept = configMap(`${cascade}-dependent`);
        const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name, uid, blockOwnerDeletion: true }];
        client.given({ ...kept, metadata: { ...kept.metadata, ownerReferences } });
        await client.kubectl("delete", "cm", cascade, `--cascade=${cascade}`);
        if (cascade === "background") await client.kubectl("wait", "--for=delete", `cm/${cascade}-dependent`);
        return client.sim
          .list("configmaps")
          .map(nameOf)
          .filter((name) => name.startsWith(cascade));
      };
      expect(await remaining("background")).toEqual([]);
      expect(await remaining("foreground")).toEqual([]);
      expect(await remaining("orphan")).toEqual(["orphan-dependent"]);
    },
  },
  {
    name: "delete namespace, with what is in it",
    act: async (client) => {
      client.given(runningPod("p", "shop"));
      client.sim.remove("pods", "shop", "p");
      await client.kubectl("create", "cm", "c", "-n", "shop");
      expect(await client.kubectl("delete", "ns", "shop")).toContain('namespace "shop" deleted');
      expect(client.sim.list("configmaps").filter(isIn("shop"))).toEqual([]);
    },
  },
];

const IMAGES = "jsonpath={.spec.template.spec.containers[*].image}";
const MANAGERS = "jsonpath={range .metadata.managedFields[*]}{.manager}:{.operation} {end}";

function labelled(name: string): ReturnType<typeof configMap> {
  const object = configMap(name);
  return { ...object, metadata: { ...object.metadata, labels: { set: "x" } } };
}

type Listed = ReturnType<ClientShell["sim"]["list"]>[number];

function nameOf(object: Listed): string {
  return object.metadata.name;
}

function isIn(namespace: string): (object: Listed) => boolean {
  return (object) => object.metadata.namespace === namespace;
}
