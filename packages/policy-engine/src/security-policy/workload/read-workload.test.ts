import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { workloadKinds } from "./pod-template.ts";
import { readWorkload } from "./read-workload.ts";
import type { Workload } from "./workload.ts";

const podSpec = { containers: [{ name: "web", image: "web:1" }] };
const template = { metadata: { labels: { app: "web" } }, spec: podSpec };
const metadata = { name: "shop", namespace: "store", uid: "u-1", labels: { team: "a" }, annotations: { note: "b" } };

const apiVersions: Readonly<Record<string, string>> = {
  Pod: "v1",
  ReplicationController: "v1",
  Deployment: "apps/v1",
  ReplicaSet: "apps/v1",
  StatefulSet: "apps/v1",
  DaemonSet: "apps/v1",
  Job: "batch/v1",
  CronJob: "batch/v1",
  DeploymentConfig: "apps.openshift.io/v1",
};

function objectOf(kind: string): Record<string, unknown> {
  const base = { apiVersion: apiVersions[kind], kind, metadata };
  if (kind === "Pod") return { ...base, spec: podSpec };
  if (kind === "CronJob") return { ...base, spec: { jobTemplate: { spec: { template } } } };
  return { ...base, spec: { template } };
}

function read(pod: Record<string, unknown>, container: Record<string, unknown> = {}, more = {}): Workload {
  const spec = { containers: [{ name: "web", image: "web:1", ...container }], ...pod };
  return readWorkload({ apiVersion: "v1", kind: "Pod", metadata: { name: "p", ...more }, spec }) as Workload;
}

describe("readWorkload", () => {
  it.each(workloadKinds)("reads a %s [policy E-13]", (kind) => {
    expect(readWorkload(objectOf(kind))).toMatchObject({
      kind,
      name: "shop",
      namespace: "store",
      uid: "u-1",
      labels: new Map([["team", "a"]]),
      annotations: new Map([["note", "b"]]),
      podLabels: new Map(kind === "Pod" ? [["team", "a"]] : [["app", "web"]]),
      containers: [{ name: "web", type: "REGULAR", image: "web:1" }],
      serviceAccount: "default",
      automountServiceAccountToken: true,
    });
  });

  it("takes one replica where the object is silent, none where the kind has none, and what a scale request says", () => {
    expect(readWorkload(objectOf("Deployment"))?.replicas).toBe(1);
    expect(readWorkload(objectOf("DaemonSet"))?.replicas).toBeUndefined();
    expect(readWorkload(objectOf("Pod"))?.replicas).toBeUndefined();
    expect(readWorkload(objectOf("StatefulSet"), { replicas: 7 })?.replicas).toBe(7);
  });

  it("leaves other kinds, and the same kinds of foreign groups, alone", () => {
    expect(readWorkload({ apiVersion: "v1", kind: "Service", metadata, spec: {} })).toBeUndefined();
    expect(readWorkload({ ...objectOf("Deployment"), apiVersion: "example.com/v1" })).toBeUndefined();
    expect(readWorkload({ apiVersion: "v1", kind: "toString" })).toBeUndefined();
    expect(readWorkload(undefined)).toBeUndefined();
    expect(readWorkload([])).toBeUndefined();
  });

  it("uses the namespace of the request where the object names none, and the prefix of a name to be generated", () => {
    const object = { ...objectOf("Pod"), metadata: { generateName: "shop-" } };
    expect(readWorkload(object, { namespace: "store" })).toMatchObject({ name: "shop-", namespace: "store" });
    expect(readWorkload(object)?.namespace).toBe("default");
  });

  it("reads init and ephemeral containers, after the regular ones", () => {
    const workload = read({
      initContainers: [{ name: "setup" }],
      ephemeralContainers: [{ name: "debug", securityContext: { privileged: true } }],
    });
    expect(workload.containers.map(({ index, type, name }) => [index, type, name])).toEqual([
      [0, "REGULAR", "web"],
      [1, "INIT", "setup"],
      [2, "EPHEMERAL", "debug"],
    ]);
    expect(workload.containers[2]?.privileged).toBe(true);
  });

  it("lets containers inherit from the pod, and override it", () => {
    const securityContext = {
      seccompProfile: { type: "RuntimeDefault" },
      appArmorProfile: { type: "Localhost", localhostProfile: "web" },
    };
    const inherited = read({ securityContext }).containers[0];
    expect(inherited).toMatchObject({ seccompProfile: "RUNTIME_DEFAULT", appArmorProfile: "localhost/web" });
    const own = {
      securityContext: { seccompProfile: { type: "Unconfined" }, appArmorProfile: { type: "Unconfined" } },
    };
    expect(read({ securityContext }, own).containers[0]).toMatchObject({
      seccompProfile: "UNCONFINED",
      appArmorProfile: "unconfined",
    });
    expect(read({}).containers[0]).toMatchObject({ seccompProfile: undefined, appArmorProfile: "" });
  });

  it("takes AppArmor profiles from the annotation of older objects", () => {
    const annotations = { "container.apparmor.security.beta.kubernetes.io/web": "localhost/x" };
    expect(read({}, {}, { annotations }).containers[0]?.appArmorProfile).toBe("localhost/x");
    const object = { ...objectOf("Deployment"), spec: { template: { metadata: { annotations }, spec: podSpec } } };
    expect(readWorkload(object)?.containers[0]?.appArmorProfile).toBe("localhost/x");
  });

  it("knows that privileged containers and those with SYS_ADMIN may gain privileges", () => {
    const allows = (securityContext: Record<string, unknown>): boolean | undefined =>
      read({}, { securityContext }).containers[0]?.allowPrivilegeEscalation;
    expect(allows({})).toBe(false);
    expect(allows({ allowPrivilegeEscalation: true })).toBe(true);
    expect(allows({ privileged: true })).toBe(true);
    expect(allows({ capabilities: { add: ["cap_sys_admin"] } })).toBe(true);
  });

  it("reads resources in cores and MiB", () => {
    const resources = { requests: { cpu: "250m", memory: "64Mi" }, limits: { cpu: 2, memory: "1e9" } };
    expect(read({}, { resources }).containers[0]).toMatchObject({
      cpuRequest: 0.25,
      cpuLimit: 2,
      memoryRequest: 64,
      memoryLimit: 1e9 / 1_048_576,
    });
    expect(read({}, { resources: { limits: { cpu: "lots", memory: "1".repeat(100) } } }).containers[0]).toMatchObject({
      cpuLimit: 0,
      memoryLimit: 0,
    });
  });

  it("joins mounts with the volumes they mount", () => {
    const volumes = [
      { name: "sock", hostPath: { path: "/var/run/docker.sock" } },
      { name: "token", secret: { secretName: "t" } },
      { name: "disk", persistentVolumeClaim: { claimName: "c", readOnly: true } },
      { name: "none" },
    ];
    const volumeMounts = [
      { name: "sock", mountPath: "/sock", mountPropagation: "HostToContainer" },
      { name: "token", mountPath: "/token" },
      { name: "disk", mountPath: "/disk" },
      { name: "none", mountPath: "/none", readOnly: true },
      { name: "unknown", mountPath: "/unknown" },
    ];
    const mounted = read({ volumes }, { volumeMounts }).containers[0]?.volumes;
    expect(mounted?.map((volume) => Object.values(volume))).toEqual([
      ["sock", "/var/run/docker.sock", "HostPath", "/sock", false, "HOSTTOCONTAINER"],
      ["token", "t", "Secret", "/token", true, "NONE"],
      ["disk", "c", "PersistentVolumeClaim", "/disk", true, "NONE"],
      ["none", "", "EmptyDir", "/none", true, "NONE"],
      ["unknown", "", "", "/unknown", false, "NONE"],
    ]);
  });

  it("names where variables come from, and never what a secret holds [policy E-11]", () => {
    const env = [
      { name: "A", value: "x" },
      { name: "B" },
      { name: "C", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
      { name: "D", valueFrom: { configMapKeyRef: { name: "m", key: "k" } } },
      { name: "E", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "F", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
      { name: "G", valueFrom: { fileKeyRef: {} } },
    ];
    expect(read({}, { env }).containers[0]?.environment.map((variable) => Object.values(variable))).toEqual([
      ["RAW", "A", "x"],
      ["RAW", "B", ""],
      ["SECRET_KEY", "C", "s/k"],
      ["CONFIG_MAP_KEY", "D", "m/k"],
      ["FIELD", "E", "metadata.name"],
      ["RESOURCE_FIELD", "F", "limits.cpu"],
      ["UNKNOWN", "G", ""],
    ]);
  });

  it("lists each port once, with its host ports", () => {
    const ports = [
      { containerPort: 80, name: "http" },
      { containerPort: 80, protocol: "UDP" },
      { containerPort: 80, hostPort: 8080 },
      { containerPort: "81" },
    ];
    expect(read({}, { ports }).ports).toEqual([
      { name: "http", port: 80, protocol: "TCP", exposures: [{ level: "HOST", nodePort: 8080, service: "" }] },
      { name: "", port: 80, protocol: "UDP", exposures: [] },
    ]);
  });

  it("keeps labels with names that objects have of their own", () => {
    const object = JSON.parse(
      '{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"__proto__":"x","constructor":"y"}}}',
    );
    expect([...(readWorkload(object)?.labels ?? [])]).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
  });

  it("never throws, whatever the object holds [policy E-13]", () => {
    const anything = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom(null, undefined, true, 1, -1, Number.NaN, "", "x", "500m", [], {}),
        fc.array(tie("value"), { maxLength: 2 }),
        fc.dictionary(
          fc.constantFrom(
            ...["metadata", "spec", "template", "containers", "initContainers", "env", "valueFrom", "securityContext"],
            ...[
              "volumes",
              "volumeMounts",
              "ports",
              "resources",
              "limits",
              "labels",
              "name",
              "image",
              "capabilities",
              "add",
            ],
          ),
          tie("value"),
          { maxKeys: 6 },
        ),
      ),
    })).value;
    fc.assert(
      fc.property(fc.constantFrom(...workloadKinds), anything, (kind, value) => {
        const object = { apiVersion: apiVersions[kind], kind, metadata: value, spec: value };
        expect(readWorkload(object)?.kind).toBe(kind);
        readWorkload({ ...object, spec: { template: { spec: value } } });
        readWorkload({ ...object, spec: { containers: [value], template: { spec: { containers: [value] } } } });
      }),
      { seed: 5, numRuns: 1_000 },
    );
  });
});
