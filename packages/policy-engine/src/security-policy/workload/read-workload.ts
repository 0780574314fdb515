import { objectIn, objectsIn, stringMapIn, textIn } from "./json-reading.ts";
import { findPodTemplate } from "./pod-template.ts";
import { readContainer, type PodFacts } from "./read-container.ts";
import { readVolumes } from "./read-volumes.ts";
import type { PortExposure, Workload, WorkloadContainer, WorkloadContainerType, WorkloadPort } from "./workload.ts";

/** @public */
export interface ReadWorkloadOptions {
  /** For objects that name no namespace, as manifests often do. @defaultValue `"default"` */
  readonly namespace?: string;
  /** Instead of what the object says, as a request to its scale sub-resource does. */
  readonly replicas?: number;
}

/**
 * Reads what policies look at from a Pod, Deployment, ReplicaSet, ReplicationController, StatefulSet, DaemonSet, Job, CronJob or
 * DeploymentConfig, parsed from JSON or YAML.
 *
 * The object may be hostile: members of a wrong type count as absent, nothing throws, and the cost is linear in its size.
 *
 * @returns undefined for any other kind, or a kind of these in a foreign group.
 *
 * @public
 */
export function readWorkload(object: unknown, options: ReadWorkloadOptions = {}): Workload | undefined {
  const found = findPodTemplate(object);
  if (found === undefined) return undefined;
  const { metadata, podMetadata, podSpec } = found;
  const annotations = stringMapIn(metadata["annotations"]);
  const facts: PodFacts = {
    securityContext: objectIn(podSpec["securityContext"]),
    podAnnotations: found.kind === "Pod" ? annotations : stringMapIn(podMetadata["annotations"]),
    annotations,
    volumes: readVolumes(podSpec["volumes"]),
  };
  const containers: WorkloadContainer[] = [];
  const ports = new Map<string, WorkloadPort & { exposures: PortExposure[] }>();
  const add = (list: unknown, type: WorkloadContainerType): void => {
    for (const entry of objectsIn(list)) {
      containers.push(readContainer(entry, containers.length, type, facts));
      addPorts(entry["ports"], ports);
    }
  };
  add(podSpec["containers"], "REGULAR");
  add(podSpec["initContainers"], "INIT");
  add(podSpec["ephemeralContainers"], "EPHEMERAL");
  return {
    kind: found.kind,
    name: textIn(metadata["name"]) || textIn(metadata["generateName"]),
    namespace: textIn(metadata["namespace"]) || (options.namespace ?? "default"),
    uid: textIn(metadata["uid"]),
    labels: stringMapIn(metadata["labels"]),
    annotations,
    podLabels: stringMapIn(podMetadata["labels"]),
    replicas: options.replicas ?? found.replicas,
    serviceAccount: textIn(podSpec["serviceAccountName"]) || textIn(podSpec["serviceAccount"]) || "default",
    automountServiceAccountToken: podSpec["automountServiceAccountToken"] !== false,
    hostNetwork: podSpec["hostNetwork"] === true,
    hostPid: podSpec["hostPID"] === true,
    hostIpc: podSpec["hostIPC"] === true,
    runtimeClass: textIn(podSpec["runtimeClassName"]),
    containers,
    ports: [...ports.values()],
  };
}

function addPorts(list: unknown, ports: Map<string, WorkloadPort & { exposures: PortExposure[] }>): void {
  for (const entry of objectsIn(list)) {
    const port = entry["containerPort"];
    if (typeof port !== "number") continue;
    const protocol = (textIn(entry["protocol"]) || "TCP").toUpperCase();
    const key = `${port}/${protocol}`;
    let known = ports.get(key);
    if (known === undefined) ports.set(key, (known = { name: textIn(entry["name"]), port, protocol, exposures: [] }));
    const hostPort = entry["hostPort"];
    if (typeof hostPort !== "number" || hostPort === 0) continue;
    known.exposures.push({ level: "HOST", nodePort: hostPort, service: "" });
  }
}
