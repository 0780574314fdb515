import { createHash } from "node:crypto";
import {
  CONTAINER_PROFILE_KIND,
  PROFILE_API_VERSION,
  COMPLETION_ANNOTATION,
  STATUS_ANNOTATION,
  containerSlug,
} from "@kinglet/profile";
import type { DemoCluster } from "./demo-cluster.ts";
import type { PlayedWorkload } from "./profiles-from-recording.ts";

/** A Kubernetes object as it is sent. @internal */
export interface ShopObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** The objects of one workload. @internal */
export interface WorkloadObjects {
  readonly played: PlayedWorkload;
  readonly namespace: string;
  readonly podName: string;
  readonly profile: ShopObject;
  /** Without its uid; undefined where the demo creates bare pods. */
  readonly deployment: ShopObject | undefined;
  readonly replicaSet: ShopObject | undefined;
  readonly pod: ShopObject;
}

type Place = Pick<DemoCluster, "namespaces" | "nodeName" | "hasControllers">;

/**
 * Builds what a workload consists of.
 *
 * With controllers: Deployment, ReplicaSet and pod as Kubernetes would make them. Without: a bare pod, because on a real cluster a
 * controller would replace it by one that really runs.
 *
 * @internal
 */
export function workloadObjects(played: PlayedWorkload, place: Place): WorkloadObjects {
  const { name, part, containerName, image } = played.workload;
  const namespace = place.namespaces[part];
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 10);
  const replicaSetName = `${name}-${hash}`;
  const podName = place.hasControllers ? `${replicaSetName}-${hash.slice(5)}` : name;
  const labels = { app: name, ...(place.hasControllers ? { "pod-template-hash": hash } : {}) };
  const template = { metadata: { labels }, spec: { containers: [{ name: containerName, image }] } };
  const controller = { replicas: 1, selector: { matchLabels: labels }, template };
  const owner = place.hasControllers
    ? { apiVersion: "apps/v1", kind: "ReplicaSet", name: replicaSetName }
    : { apiVersion: "v1", kind: "Pod", name: podName };
  const profileName = containerSlug({ ...owner, namespace, containerType: "containers", containerName });
  const metadata = { namespace, labels };
  return {
    played,
    namespace,
    podName,
    profile: profileObject(profileName, namespace, played.permitted),
    deployment: place.hasControllers
      ? { apiVersion: "apps/v1", kind: "Deployment", metadata: { ...metadata, name }, spec: controller }
      : undefined,
    replicaSet: place.hasControllers
      ? { apiVersion: "apps/v1", kind: "ReplicaSet", metadata: { ...metadata, name: replicaSetName }, spec: controller }
      : undefined,
    pod: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...metadata, name: podName },
      spec: {
        nodeName: place.nodeName,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        containers: [{ name: containerName, image }],
      },
    },
  };
}

/** The node that the pods of the simulated cluster are on. @internal */
export function nodeObject(name: string): ShopObject {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { "kubernetes.io/hostname": name } },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  };
}

/** The status a kubelet reports once the container runs under `containerId`, after `restarts` restarts. @internal */
export function runningStatus(
  played: PlayedWorkload,
  containerId: string,
  restarts: number,
): Readonly<Record<string, unknown>> {
  const { containerName, image } = played.workload;
  return {
    phase: "Running",
    containerStatuses: [
      {
        name: containerName,
        image,
        imageID: `${image.split(":")[0]}@sha256:${createHash("sha256").update(image).digest("hex")}`,
        containerID: `containerd://${containerId}`,
        ready: true,
        started: true,
        restartCount: restarts,
        state: { running: { startedAt: "2026-11-20T21:50:00Z" } },
        lastState: {},
      },
    ],
  };
}

function profileObject(name: string, namespace: string, permitted: readonly string[]): ShopObject {
  return {
    apiVersion: PROFILE_API_VERSION,
    kind: CONTAINER_PROFILE_KIND,
    metadata: {
      name,
      namespace,
      annotations: { [STATUS_ANNOTATION]: "completed", [COMPLETION_ANNOTATION]: "complete" },
    },
    spec: {
      architectures: ["amd64"],
      capabilities: [],
      // Whatever the arguments.
      execs: permitted.map((path) => ({ path, args: ["\u22ef\u22ef"] })),
      opens: [],
      syscalls: [],
      endpoints: [],
    },
  };
}
