import type { JsonRecord, KubeObject } from "../resources/kube-object.ts";
import { ensureRecord, fill, numberAt, recordAt, recordsAt, specOf, stringsAt, textAt } from "./json-access.ts";
import { defaultVolumeSource } from "./pod-defaults.ts";

export function defaultNamespace(object: KubeObject): void {
  const { metadata } = object;
  if (metadata.name !== "") metadata.labels = { ...metadata.labels, "kubernetes.io/metadata.name": metadata.name };
  fill(ensureRecord(object, "status"), { phase: "Active" });
}

export function defaultService(object: KubeObject): void {
  const spec = specOf(object);
  fill(spec, { sessionAffinity: "None", type: "ClusterIP" });
  if (spec["sessionAffinity"] === "None") delete spec["sessionAffinityConfig"];
  if (spec["sessionAffinity"] === "ClientIP") {
    const config = ensureRecord(ensureRecord(spec, "sessionAffinityConfig"), "clientIP");
    fill(config, { timeoutSeconds: 10_800 });
  }
  for (const port of recordsAt(spec, "ports")) {
    fill(port, { protocol: "TCP" });
    const target = port["targetPort"];
    if (target === undefined || target === null || target === 0 || target === "") port["targetPort"] = port["port"];
  }
  const type = textAt(spec, "type");
  const isAccessible =
    type === "LoadBalancer" ||
    type === "NodePort" ||
    (type === "ClusterIP" && stringsAt(spec, "externalIPs").length > 0);
  if (isAccessible) fill(spec, { externalTrafficPolicy: "Cluster" });
  if (type === "NodePort" || type === "LoadBalancer" || type === "ClusterIP")
    fill(spec, { internalTrafficPolicy: "Cluster" });
  if (type === "LoadBalancer") fill(spec, { allocateLoadBalancerNodePorts: true });
  for (const entry of recordsAt(recordAt(object.status, "loadBalancer"), "ingress")) {
    if (type === "LoadBalancer" && textAt(entry, "ip") !== "") fill(entry, { ipMode: "VIP" });
  }
}

export function defaultSecret(object: KubeObject): void {
  fill(object, { type: "Opaque" });
  const plain = recordAt(object, "stringData");
  if (plain === undefined) return;
  // Written in clear and stored encoded: the field exists only in requests.
  const data = ensureRecord(object, "data");
  for (const name in plain) data[name] = Buffer.from(String(plain[name])).toString("base64");
  delete object["stringData"];
}

export function defaultPersistentVolume(object: KubeObject): void {
  const spec = specOf(object);
  fill(ensureRecord(object, "status"), { phase: "Pending" });
  fill(spec, { persistentVolumeReclaimPolicy: "Retain", volumeMode: "Filesystem" });
  defaultVolumeSource(spec);
  const hostPath = recordAt(spec, "hostPath");
  if (hostPath !== undefined) hostPath["type"] ??= "";
}

export function defaultPersistentVolumeClaim(object: KubeObject): void {
  fill(ensureRecord(object, "status"), { phase: "Pending" });
  fill(specOf(object), { volumeMode: "Filesystem" });
}

export function defaultEndpoints(object: KubeObject): void {
  for (const subset of recordsAt(object, "subsets")) {
    for (const port of recordsAt(subset, "ports")) fill(port, { protocol: "TCP" });
  }
}

export function defaultNode(object: KubeObject): void {
  const status = recordAt(object, "status");
  if (status?.["capacity"] !== undefined && status["allocatable"] === undefined) {
    status["allocatable"] = structuredClone(status["capacity"]);
  }
}

export function defaultLimitRange(object: KubeObject): void {
  for (const item of recordsAt(specOf(object), "limits")) {
    if (item["type"] !== "Container") continue;
    const limits = { ...recordAt(item, "max"), ...recordAt(item, "default") };
    const requests = { ...recordAt(item, "min"), ...limits, ...recordAt(item, "defaultRequest") };
    if (Object.keys(limits).length > 0) item["default"] = limits;
    if (Object.keys(requests).length > 0) item["defaultRequest"] = requests;
  }
}

export function defaultEndpointSlice(object: KubeObject): void {
  for (const port of recordsAt(object, "ports")) {
    port["name"] ??= "";
    port["protocol"] ??= "TCP";
  }
}

export function defaultNetworkPolicy(object: KubeObject): void {
  const spec = specOf(object);
  for (const rule of [...recordsAt(spec, "ingress"), ...recordsAt(spec, "egress")]) {
    for (const port of recordsAt(rule, "ports")) fill(port, { protocol: "TCP" });
  }
  if (stringsAt(spec, "policyTypes").length > 0) return;
  const hasEgress = Array.isArray(spec["egress"]) && spec["egress"].length > 0;
  spec["policyTypes"] = hasEgress ? ["Ingress", "Egress"] : ["Ingress"];
}

export function defaultIngressClass(object: KubeObject): void {
  const parameters = recordAt(specOf(object), "parameters");
  if (parameters !== undefined) fill(parameters, { scope: "Cluster" });
}

export function defaultStorageClass(object: KubeObject): void {
  fill(object, { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" });
}

export function defaultCsiDriver(object: KubeObject): void {
  const spec = specOf(object);
  fill(spec, {
    attachRequired: true,
    podInfoOnMount: false,
    storageCapacity: false,
    fsGroupPolicy: "ReadWriteOnceWithFSType",
    requiresRepublish: false,
    seLinuxMount: false,
  });
  if (stringsAt(spec, "volumeLifecycleModes").length === 0) spec["volumeLifecycleModes"] = ["Persistent"];
}

export function defaultPriorityClass(object: KubeObject): void {
  fill(object, { preemptionPolicy: "PreemptLowerPriority" });
}

const SCALE_UP: JsonRecord = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ],
};
const SCALE_DOWN: JsonRecord = {
  selectPolicy: "Max",
  policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
};

export function defaultAutoscaler(object: KubeObject): void {
  const spec = specOf(object);
  fill(spec, { minReplicas: 1 });
  if (recordsAt(spec, "metrics").length === 0) {
    const target = { type: "Utilization", averageUtilization: 80 };
    spec["metrics"] = [{ type: "Resource", resource: { name: "cpu", target } }];
  }
  const behavior = recordAt(spec, "behavior");
  if (behavior === undefined) return;
  fill(ensureRecord(behavior, "scaleUp"), SCALE_UP);
  fill(ensureRecord(behavior, "scaleDown"), SCALE_DOWN);
}

/** How many devices a request asks for when it does not say. */
export function defaultDeviceRequests(spec: JsonRecord): void {
  for (const request of recordsAt(recordAt(spec, "devices"), "requests")) {
    for (const part of [recordAt(request, "exactly"), ...recordsAt(request, "firstAvailable")]) {
      if (part === undefined) continue;
      fill(part, { allocationMode: "ExactCount" });
      if (part["allocationMode"] === "ExactCount" && (numberAt(part, "count") ?? 0) === 0) part["count"] = 1;
    }
  }
}

export function defaultFlowSchema(object: KubeObject): void {
  const spec = specOf(object);
  if ((numberAt(spec, "matchingPrecedence") ?? 0) === 0) spec["matchingPrecedence"] = 1000;
}

export function defaultPriorityLevel(object: KubeObject): void {
  const spec = specOf(object);
  const limited = recordAt(spec, "limited");
  if (limited !== undefined) fill(limited, { nominalConcurrencyShares: 30, lendablePercent: 0 });
  const exempt = recordAt(spec, "exempt");
  if (exempt !== undefined) fill(exempt, { nominalConcurrencyShares: 0, lendablePercent: 0 });
  const queuing = recordAt(recordAt(limited, "limitResponse"), "queuing");
  if (queuing !== undefined) {
    for (const [name, value] of [
      ["handSize", 8],
      ["queues", 64],
      ["queueLengthLimit", 50],
    ] as const) {
      if ((numberAt(queuing, name) ?? 0) === 0) queuing[name] = value;
    }
  }
}

/** Matching of admission policies and their bindings. */
export function defaultAdmissionPolicy(object: KubeObject): void {
  const spec = specOf(object);
  fill(spec, { failurePolicy: "Fail" });
  defaultMatchResources(recordAt(spec, "matchConstraints"));
}

export function defaultAdmissionPolicyBinding(object: KubeObject): void {
  defaultMatchResources(recordAt(specOf(object), "matchResources"));
}

function defaultMatchResources(match: JsonRecord | undefined): void {
  if (match === undefined) return;
  fill(match, { matchPolicy: "Equivalent", namespaceSelector: {}, objectSelector: {} });
  for (const name of ["resourceRules", "excludeResourceRules"]) {
    for (const rule of recordsAt(match, name)) fill(rule, { scope: "*" });
  }
}
