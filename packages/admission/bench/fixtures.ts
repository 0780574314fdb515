import type { BundleObject } from "@kinglet/policy-engine/bundle";
import { securityPolicy, type GroupInput } from "../test/security-policy.ts";

/** What policies look at; none of it is violated by {@link podReview}, so every policy is evaluated to its end. */
const groups: readonly (readonly GroupInput[])[] = [
  [{ fieldName: "Privileged Container", values: ["true"] }],
  [{ fieldName: "Host PID", values: ["true"] }],
  [{ fieldName: "Host Network", values: ["true"] }],
  [{ fieldName: "Image Tag", values: ["latest"] }],
  [{ fieldName: "Image Registry", values: ["r/.*\\.forbidden\\.example"] }],
  [{ fieldName: "Add Capabilities", values: ["SYS_ADMIN", "NET_ADMIN"] }],
  [{ fieldName: "Volume Source", values: ["/var/run/docker.sock"] }],
  [{ fieldName: "Environment Variable", values: ["RAW=.*SECRET.*=.*"] }],
  [{ fieldName: "Container Memory Limit", values: ["0"] }],
  [
    { fieldName: "Container Name", values: ["debug"] },
    { fieldName: "Read-Only Root Filesystem", values: ["false"] },
  ],
];

/** That many policies over ten kinds of criteria, with scopes as people write them. */
export function policies(count: number): readonly BundleObject[] {
  return Array.from({ length: count }, (_, at) =>
    securityPolicy(`policy-${at}`, groups[at % groups.length] ?? [], { mode: at % 3 === 0 ? "deny" : "warn" }),
  );
}

/** A review of a pod with three containers, with the fields that the API server sends. */
export function podReview(): string {
  const containers = ["web", "proxy", "agent"].map((name) => ({
    name,
    image: `registry.example/shop/${name}:1.4.2`,
    command: [`/usr/bin/${name}`],
    args: ["--config", `/etc/${name}/config.yaml`, "--log-level", "info"],
    ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }],
    env: Array.from({ length: 10 }, (_, at) => ({ name: `SETTING_${at}`, value: `value of setting ${at} of ${name}` })),
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "1", memory: "256Mi" } },
    volumeMounts: [
      { name: "config", mountPath: `/etc/${name}`, readOnly: true },
      { name: "kube-api-access-x", readOnly: true, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" },
    ],
    livenessProbe: { httpGet: { path: "/livez", port: "http", scheme: "HTTP" }, periodSeconds: 10, timeoutSeconds: 1 },
    readinessProbe: {
      httpGet: { path: "/readyz", port: "http", scheme: "HTTP" },
      periodSeconds: 10,
      timeoutSeconds: 1,
    },
    securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: "IfNotPresent",
  }));
  const labels = { app: "shop", "app.kubernetes.io/name": "shop", "app.kubernetes.io/version": "1.4.2" };
  const resource = { group: "", version: "v1", resource: "pods" };
  const kind = { group: "", version: "v1", kind: "Pod" };
  return JSON.stringify({
    kind: "AdmissionReview",
    apiVersion: "admission.k8s.io/v1",
    request: {
      uid: "44919f2d-d893-4ee2-b242-7a0aed1ee8a6",
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      name: "shop-0",
      namespace: "shop",
      operation: "CREATE",
      userInfo: { username: "ann", uid: "uid-1", groups: ["dev", "system:authenticated"] },
      object: {
        kind: "Pod",
        apiVersion: "v1",
        metadata: {
          name: "shop-0",
          namespace: "shop",
          uid: "618cbd16-2d29-4fb8-a455-7f2e076eefd8",
          creationTimestamp: "2026-11-20T19:52:24Z",
          labels,
          managedFields: containers.map(({ name }) => ({
            manager: name,
            operation: "Update",
            apiVersion: "v1",
            fieldsV1: {
              "f:spec": {
                "f:containers": { [`k:{"name":"${name}"}`]: { "f:image": {}, "f:name": {}, "f:resources": {} } },
              },
            },
          })),
        },
        spec: {
          containers,
          volumes: [
            { name: "config", configMap: { name: "shop", defaultMode: 420 } },
            { name: "kube-api-access-x", projected: { sources: [{ serviceAccountToken: { path: "token" } }] } },
          ],
          restartPolicy: "Always",
          serviceAccountName: "shop",
          securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
          schedulerName: "default-scheduler",
          tolerations: [
            { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 },
          ],
        },
        status: { phase: "Pending", qosClass: "Burstable" },
      },
      oldObject: null,
      dryRun: false,
      options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1" },
    },
  });
}
