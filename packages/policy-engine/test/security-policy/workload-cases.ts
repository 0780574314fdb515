import type { EvaluationSubject, ServiceExposure } from "../../src/security-policy/evaluation/evaluation-subject.ts";
import type { CriterionCase } from "./criterion-case.ts";
import { booleanCase as booleans, textCase as texts } from "./criterion-case.ts";
import { workloadOf } from "./subjects.ts";

const container = (facts: Record<string, unknown>): EvaluationSubject => ({ workload: workloadOf(facts) });
const security = (securityContext: Record<string, unknown>): EvaluationSubject => container({ securityContext });
const pod = (facts: Record<string, unknown>): EvaluationSubject => ({ workload: workloadOf({}, facts) });
const metadata = (facts: Record<string, unknown>): EvaluationSubject => ({ workload: workloadOf({}, {}, facts) });
const mounted = (mount: Record<string, unknown>, volume: Record<string, unknown>): EvaluationSubject => ({
  workload: workloadOf(
    { volumeMounts: [{ name: "data", mountPath: "/data", ...mount }] },
    { volumes: [{ name: "data", ...volume }] },
  ),
});
const exposed = (exposure: Partial<ServiceExposure>): EvaluationSubject => ({
  workload: workloadOf({ ports: [{ containerPort: 80 }] }),
  services: () => [{ port: 80, protocol: "TCP", level: "NODE", nodePort: 30080, service: "web", ...exposure }],
});
const permitted = (level: "DEFAULT" | "CLUSTER_ADMIN"): EvaluationSubject => ({
  workload: workloadOf(),
  rbac: () => level,
});
const covered = (ingress: boolean, egress: boolean): EvaluationSubject => ({
  workload: workloadOf(),
  networkPolicies: () => ({ ingress, egress }),
});

/** A case for each criterion about workloads. */
export const workloadCases: Readonly<Record<string, CriterionCase>> = {
  "Add Capabilities": {
    value: "SYS_ADMIN",
    violating: security({ capabilities: { add: ["CAP_SYS_ADMIN"] } }),
    passing: security({ capabilities: { add: ["CHOWN"] } }),
    message: 'container "web" adds capabilities "SYS_ADMIN"',
    malformed: "CAP_SYS_ADMIN",
  },
  "Allow Privilege Escalation": {
    ...booleans,
    violating: security({ allowPrivilegeEscalation: true }),
    passing: security({ allowPrivilegeEscalation: false }),
    message: 'container "web" allows privilege escalation',
  },
  "AppArmor Profile": {
    ...texts,
    value: "unconfined",
    violating: security({ appArmorProfile: { type: "Unconfined" } }),
    passing: security({ appArmorProfile: { type: "RuntimeDefault" } }),
    message: 'container "web" runs under AppArmor profile "unconfined"',
  },
  "Automount Service Account Token": {
    ...booleans,
    violating: pod({}),
    passing: pod({ automountServiceAccountToken: false }),
    message: 'the pod mounts the token of service account "default"',
  },
  "Container CPU Limit": {
    value: "> 2",
    violating: container({ resources: { limits: { cpu: "2500m" } } }),
    passing: container({ resources: { limits: { cpu: "2" } } }),
    message: 'the CPU limit of container "web" is 2.5 cores',
    malformed: "many",
  },
  "Container CPU Request": {
    value: "0",
    violating: container({}),
    passing: container({ resources: { requests: { cpu: "1m" } } }),
    message: 'the CPU request of container "web" is not set',
    malformed: "-",
  },
  "Container Memory Limit": {
    value: ">= 1024",
    violating: container({ resources: { limits: { memory: "1Gi" } } }),
    passing: container({ resources: { limits: { memory: "1G" } } }),
    message: 'the memory limit of container "web" is 1024 MB',
    malformed: "1Gi",
  },
  "Container Memory Request": {
    value: "< 64",
    violating: container({ resources: { requests: { memory: "32Mi" } } }),
    passing: container({ resources: { requests: { memory: "64Mi" } } }),
    message: 'the memory request of container "web" is 32 MB',
    malformed: "= 64",
  },
  "Container Name": {
    ...texts,
    value: "we.*",
    violating: container({ name: "WEB" }),
    passing: container({ name: "api" }),
    message: 'the workload has container "WEB"',
  },
  "Disallowed Annotation": {
    ...texts,
    value: "debug=on",
    violating: metadata({ annotations: { Debug: "ON", a: "b" } }),
    passing: metadata({ annotations: { debug: "off" } }),
    message: 'a disallowed annotation is among "Debug", "a"',
  },
  "Drop Capabilities": {
    value: "NET_RAW",
    violating: security({ capabilities: { drop: ["CHOWN"] } }),
    passing: security({ capabilities: { drop: ["ALL"] } }),
    message: 'container "web" drops only capabilities "CHOWN"',
    malformed: "NET RAW",
  },
  "Environment Variable": {
    value: "RAW=.*PASSWORD.*=.+",
    violating: container({ env: [{ name: "DB_PASSWORD", value: "hunter2" }] }),
    passing: container({ env: [{ name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "p" } } }] }),
    message: 'environment variable "DB_PASSWORD" of container "web" comes from "RAW"',
    malformed: "PASSWORD",
  },
  "Host IPC": {
    ...booleans,
    violating: pod({ hostIPC: true }),
    passing: pod({}),
    message: "the pod shares the IPC of the host",
  },
  "Host Network": {
    ...booleans,
    violating: pod({ hostNetwork: true }),
    passing: pod({}),
    message: "the pod uses the network of the host",
  },
  "Host PID": {
    ...booleans,
    violating: pod({ hostPID: true }),
    passing: pod({}),
    message: "the pod sees the processes of the host",
  },
  "Image Registry": {
    ...texts,
    value: "docker.io",
    violating: container({ image: "nginx" }),
    passing: container({}),
    message: 'container "web" has an image of registry "docker.io", remote "library/nginx", tag "latest"',
  },
  "Image Remote": {
    ...texts,
    value: "team/.*",
    violating: container({ image: "registry.example/team/web@sha256:00" }),
    passing: container({ image: "registry.example/other/web" }),
    message: 'container "web" has an image of registry "registry.example", remote "team/web", digest "sha256:00"',
  },
  "Image Tag": {
    ...texts,
    value: "latest",
    violating: container({ image: "nginx" }),
    passing: container({ image: "nginx:1" }),
    message: 'container "web" has an image of registry "docker.io", remote "library/nginx", tag "latest"',
  },
  "Minimum RBAC Permissions": {
    value: "ELEVATED_IN_NAMESPACE",
    violating: permitted("CLUSTER_ADMIN"),
    passing: permitted("DEFAULT"),
    message: 'service account "default" has permission level "CLUSTER_ADMIN"',
    malformed: "ADMIN",
  },
  "Mount Propagation": {
    value: "BIDIRECTIONAL",
    violating: mounted({ mountPropagation: "Bidirectional" }, { hostPath: { path: "/x" } }),
    passing: mounted({}, { hostPath: { path: "/x" } }),
    message:
      'container "web" mounts writable volume "data" of type "HostPath" from "/x" at "/data", propagation "BIDIRECTIONAL"',
    malformed: "BOTH",
  },
  Namespace: {
    ...texts,
    value: "sto.*",
    violating: metadata({}),
    passing: metadata({ namespace: "other" }),
    message: 'the namespace is "store"',
  },
  "Exposed Node Port": {
    value: "< 1024",
    violating: exposed({ nodePort: 443 }),
    passing: exposed({ nodePort: 30080 }),
    message: "port 80 is exposed on node port 443",
    malformed: "low",
  },
  "Exposed Port": {
    value: "22",
    violating: container({ ports: [{ containerPort: 22 }] }),
    passing: container({ ports: [{ containerPort: 2222 }] }),
    message: 'port 22 with protocol "TCP" is exposed',
    malformed: "ssh",
  },
  "Port Exposure Method": {
    value: "EXTERNAL",
    violating: exposed({ level: "EXTERNAL" }),
    passing: exposed({ level: "INTERNAL" }),
    message: 'port 80 is exposed with method "EXTERNAL" by service "web"',
    malformed: "LOADBALANCER",
  },
  "Privileged Container": {
    ...booleans,
    violating: security({ privileged: true }),
    passing: container({}),
    message: 'container "web" is privileged',
  },
  "Exposed Port Protocol": {
    ...texts,
    value: "udp",
    violating: container({ ports: [{ containerPort: 53, protocol: "UDP" }] }),
    passing: container({ ports: [{ containerPort: 53 }] }),
    message: 'port 53 with protocol "UDP" is exposed',
  },
  "Read-Only Root Filesystem": {
    value: "false",
    malformed: "no",
    violating: container({}),
    passing: security({ readOnlyRootFilesystem: true }),
    message: 'container "web" has a writable root file system',
  },
  "Runtime Class": {
    ...texts,
    value: "kata",
    violating: pod({ runtimeClassName: "kata" }),
    passing: pod({}),
    message: 'the pod has runtime class "kata"',
  },
  "Required Annotation": {
    value: "email=.+@.+",
    violating: metadata({ annotations: { email: "nobody" } }),
    passing: metadata({ annotations: { email: "jane@example.com" } }),
    message: 'the workload lacks a required annotation; it has "email"',
    malformed: "=x",
  },
  "Required Label": {
    value: "owner|team=",
    violating: metadata({}),
    passing: metadata({ labels: { team: "shop" } }),
    message: "the workload lacks a required label; it has no labels",
    malformed: "owner",
  },
  "Seccomp Profile Type": {
    value: "UNCONFINED",
    violating: security({ seccompProfile: { type: "Unconfined" } }),
    passing: security({ seccompProfile: { type: "RuntimeDefault" } }),
    message: 'container "web" runs under seccomp profile type "UNCONFINED"',
    malformed: "NONE",
  },
  "Service Account": {
    ...texts,
    value: "default",
    violating: pod({}),
    passing: pod({ serviceAccountName: "shop" }),
    message: 'the pod runs as service account "default"',
  },
  "Volume Destination": {
    ...texts,
    value: "/data",
    violating: mounted({}, { emptyDir: {} }),
    passing: mounted({ mountPath: "/database" }, { emptyDir: {} }),
    message: 'container "web" mounts writable volume "data" of type "EmptyDir" at "/data"',
  },
  "Volume Name": {
    ...texts,
    value: "d.*a",
    violating: mounted({}, { emptyDir: {} }),
    passing: mounted({ name: "other" }, { emptyDir: {} }),
    message: 'container "web" mounts writable volume "data" of type "EmptyDir" at "/data"',
  },
  "Volume Source": {
    ...texts,
    value: "/(etc|proc)(/.*)?",
    violating: mounted({ readOnly: true }, { hostPath: { path: "/etc/cron.d" } }),
    passing: mounted({}, { hostPath: { path: "/etcetera" } }),
    message: 'container "web" mounts read-only volume "data" of type "HostPath" from "/etc/cron.d" at "/data"',
  },
  "Volume Type": {
    ...texts,
    value: "hostpath",
    violating: mounted({}, { hostPath: { path: "/x" } }),
    passing: mounted({}, { emptyDir: {} }),
    message: 'container "web" mounts writable volume "data" of type "HostPath" from "/x" at "/data"',
  },
  "Writable Host Mount": {
    ...booleans,
    violating: mounted({}, { hostPath: { path: "/x" } }),
    passing: mounted({}, { emptyDir: {} }),
    message: 'container "web" mounts writable volume "data" of type "HostPath" from "/x" at "/data"',
  },
  "Writable Mounted Volume": {
    ...booleans,
    violating: mounted({}, { persistentVolumeClaim: { claimName: "disk" } }),
    passing: mounted({}, { secret: { secretName: "s" } }),
    message: 'container "web" mounts writable volume "data" of type "PersistentVolumeClaim" from "disk" at "/data"',
  },
  Replicas: {
    value: "> 3",
    violating: { workload: workloadOf({}, {}, {}, { replicas: 4 }) },
    passing: { workload: workloadOf({}, {}, {}, { replicas: 3 }) },
    message: "the workload asks for 4 replicas",
    malformed: "three",
  },
  "Liveness Probe Defined": {
    value: "false",
    malformed: "never",
    violating: container({}),
    passing: container({ livenessProbe: { httpGet: {} } }),
    message: 'container "web" has no liveness probe',
  },
  "Readiness Probe Defined": {
    value: "false",
    malformed: "never",
    violating: container({}),
    passing: container({ readinessProbe: {} }),
    message: 'container "web" has no readiness probe',
  },
  "Has Ingress Network Policy": {
    value: "false",
    malformed: "none",
    violating: covered(false, true),
    passing: covered(true, false),
    message: "no network policy governs what comes in",
  },
  "Has Egress Network Policy": {
    value: "false",
    malformed: "none",
    violating: covered(true, false),
    passing: covered(false, true),
    message: "no network policy governs what goes out",
  },
};
