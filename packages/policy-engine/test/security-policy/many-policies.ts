import { readWorkload, type PolicyGroup, type SecurityPolicy, type Workload } from "../../src/security-policy/index.ts";
import { groupOf, policyOf } from "./policy-of.ts";

/** Policies as people write them: one to three criteria on the specification, with plain patterns. */
const templates: readonly ((index: number) => readonly PolicyGroup[])[] = [
  () => [groupOf("Privileged Container", "true")],
  (index) => [groupOf("Image Registry", [`registry-${index}.example.com`, `mirror-${index}.example.com`])],
  (index) => [groupOf("Volume Source", [`/etc/kinglet-${index}(/.*)?`, `/proc/${index}`])],
  (index) => [groupOf("Environment Variable", [`RAW=.*SECRET_${index}.*=.+`, `RAW=.*TOKEN_${index}.*=.+`])],
  (index) => [groupOf("Add Capabilities", ["SYS_ADMIN", "NET_ADMIN"]), groupOf("Namespace", `team-${index}`)],
  (index) => [groupOf("Image Remote", `.*/legacy-${index}`), groupOf("Image Tag", "latest")],
  (index) => [groupOf("Exposed Port", String(20_000 + (index % 10_000))), groupOf("Exposed Port Protocol", "TCP")],
  (index) => [groupOf("Disallowed Annotation", `debug-${index}=.*`)],
  (index) => [groupOf("Container CPU Limit", `> ${100 + index}`), groupOf("Container Name", `batch-${index}.*`)],
  (index) => [groupOf("Service Account", `admin-${index}`), groupOf("Host Network", "true")],
];

/** So many policies on the specification, none alike; with `elaborate`, patterns that the engine has to do. */
export function manyPolicies(count: number, kind: "plain" | "elaborate" = "plain"): readonly SecurityPolicy[] {
  return Array.from({ length: count }, (_, index) => {
    const groups =
      kind === "elaborate"
        ? [groupOf("Image Remote", `[a-z]+/(app|job)-${index}-[0-9]{1,3}`)]
        : (templates[index % templates.length]?.(index) ?? []);
    const facts = {
      id: `policy-${index}`,
      name: `Policy number ${index}`,
      description: `What policy number ${index} is about.`,
      rationale: "Because somebody asked for it.",
      remediation: "Change the workload.",
    };
    return policyOf(groups, facts);
  });
}

/** A pod of three containers, none of which these policies mind; as the API server hands it to a webhook. */
export function podObject(): object {
  const container = (name: string): object => ({
    name,
    image: `registry.example.com/shop/${name}:1.4.2`,
    ports: [{ containerPort: 8080, name: "http" }],
    env: [
      { name: "LOG_LEVEL", value: "info" },
      { name: "DB_HOST", value: "db.store.svc" },
      { name: "DB_PASSWORD", valueFrom: { secretKeyRef: { name: "db", key: "password" } } },
    ],
    resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { cpu: "500m", memory: "200M" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumeMounts: [
      { name: "data", mountPath: "/data" },
      { name: "config", mountPath: "/config", readOnly: true },
    ],
    livenessProbe: { httpGet: { path: "/live", port: 8080 } },
    readinessProbe: { httpGet: { path: "/ready", port: 8080 } },
  });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "shop", namespace: "store", labels: { app: "shop", team: "a" }, annotations: { note: "x" } },
    spec: {
      serviceAccountName: "shop",
      automountServiceAccountToken: false,
      containers: ["web", "worker", "proxy"].map(container),
      volumes: [
        { name: "data", persistentVolumeClaim: { claimName: "data" } },
        { name: "config", configMap: { name: "config" } },
      ],
    },
  };
}

/** {@link podObject}, read. */
export function podWorkload(): Workload {
  return readWorkload(podObject()) as Workload;
}
