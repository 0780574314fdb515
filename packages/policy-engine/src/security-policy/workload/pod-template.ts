import { isObject, objectIn, textIn, type LooseObject } from "./json-reading.ts";

/** Where the pod of an object is, and what the kind says about replicas. @internal */
export interface PodTemplate {
  readonly kind: string;
  readonly metadata: LooseObject;
  readonly podMetadata: LooseObject;
  readonly podSpec: LooseObject;
  readonly replicas: number | undefined;
}

const groupsByKind: Readonly<Record<string, readonly string[]>> = {
  Pod: [""],
  ReplicationController: [""],
  Deployment: ["apps"],
  ReplicaSet: ["apps"],
  StatefulSet: ["apps"],
  DaemonSet: ["apps"],
  Job: ["batch"],
  CronJob: ["batch"],
  DeploymentConfig: ["apps.openshift.io", ""],
};

/** Kinds of objects that {@link readWorkload} understands. @public */
export const workloadKinds: readonly string[] = [
  "Pod",
  "Deployment",
  "ReplicaSet",
  "ReplicationController",
  "StatefulSet",
  "DaemonSet",
  "Job",
  "CronJob",
  "DeploymentConfig",
];

/**
 * Finds the pod template of an object of a known kind and group; an object of the same kind in another group is not ours.
 *
 * @internal
 */
export function findPodTemplate(object: unknown): PodTemplate | undefined {
  if (!isObject(object)) return undefined;
  const kind = textIn(object["kind"]);
  const groups = Object.hasOwn(groupsByKind, kind) ? groupsByKind[kind] : undefined;
  if (groups === undefined) return undefined;
  const apiVersion = textIn(object["apiVersion"]);
  const slash = apiVersion.indexOf("/");
  if (!groups.includes(slash < 0 ? "" : apiVersion.slice(0, slash))) return undefined;
  const metadata = objectIn(object["metadata"]);
  const spec = objectIn(object["spec"]);
  if (kind === "Pod") return { kind, metadata, podMetadata: metadata, podSpec: spec, replicas: undefined };
  const owner = kind === "CronJob" ? objectIn(objectIn(spec["jobTemplate"])["spec"]) : spec;
  const template = objectIn(owner["template"]);
  return {
    kind,
    metadata,
    podMetadata: objectIn(template["metadata"]),
    podSpec: objectIn(template["spec"]),
    replicas: hasReplicas(kind) ? replicasIn(spec["replicas"]) : undefined,
  };
}

function hasReplicas(kind: string): boolean {
  return kind !== "DaemonSet" && kind !== "Job" && kind !== "CronJob";
}

function replicasIn(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 1;
}
