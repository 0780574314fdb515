import { createHash } from "node:crypto";
import { containerIdOf } from "./container-id.ts";

/** One container of a pod to build. */
export interface PodContainerInput {
  readonly name: string;
  /** @defaultValue `registry.example/NAME:1.0` */
  readonly image?: string;
  /** 64 hex digits; "" for a container that has not started. @defaultValue derived from pod and container name */
  readonly containerId?: string;
}

/** What a test cares about in a pod; everything else is made up. */
export interface PodInput {
  readonly name: string;
  /** @defaultValue `default` */
  readonly namespace?: string;
  /** @defaultValue `node-a` */
  readonly nodeName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** @defaultValue one container `app` */
  readonly containers?: readonly PodContainerInput[];
  readonly initContainers?: readonly PodContainerInput[];
  readonly ownerReferences?: readonly OwnerReferenceInput[];
  /** @defaultValue `Running` */
  readonly phase?: string;
}

/** An owner; the uid is made up from kind and name when left out. */
export interface OwnerReferenceInput {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid?: string;
}

/** A pod as a kubelet reports it: specification and a status with container ids. */
export interface PodObject {
  readonly apiVersion: "v1";
  readonly kind: "Pod";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly (OwnerReferenceInput & { readonly uid: string; readonly controller: true })[];
  };
  readonly spec: Readonly<Record<string, unknown>> & { readonly nodeName: string };
  readonly status: Readonly<Record<string, unknown>> & { readonly phase: string };
  readonly [field: string]: unknown;
}

/** Builds a running pod with `containerd://` ids in its status. */
export function podObject(input: PodInput): PodObject {
  const { name, namespace = "default", nodeName = "node-a", phase = "Running" } = input;
  const containers = input.containers ?? [{ name: "app" }];
  const seed = `${namespace}/${name}`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      ...(input.labels === undefined ? {} : { labels: input.labels }),
      ...(input.ownerReferences === undefined ? {} : { ownerReferences: input.ownerReferences.map(ownerReference) }),
    },
    spec: {
      nodeName,
      containers: containers.map(containerSpec),
      ...(input.initContainers === undefined ? {} : { initContainers: input.initContainers.map(containerSpec) }),
    },
    status: {
      phase,
      containerStatuses: containers.map((container) => containerStatus(seed, container)),
      ...(input.initContainers === undefined
        ? {}
        : { initContainerStatuses: input.initContainers.map((container) => containerStatus(seed, container)) }),
    },
  };
}

function ownerReference(owner: OwnerReferenceInput): OwnerReferenceInput & { uid: string; controller: true } {
  const { apiVersion, kind, name, uid = uidOf(`${kind}/${name}`) } = owner;
  return { apiVersion, kind, name, uid, controller: true };
}

function imageOf(container: PodContainerInput): string {
  return container.image ?? `registry.example/${container.name}:1.0`;
}

function containerSpec(container: PodContainerInput): Record<string, unknown> {
  return {
    name: container.name,
    image: imageOf(container),
    resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "128Mi" } },
    env: [{ name: "LANG", value: "C.UTF-8" }],
  };
}

function containerStatus(seed: string, container: PodContainerInput): Record<string, unknown> {
  const image = imageOf(container);
  const containerId = container.containerId ?? containerIdOf(`${seed}/${container.name}`);
  const isStarted = containerId !== "";
  return {
    name: container.name,
    image,
    imageID: isStarted ? `${image.split(":")[0]}@sha256:${createHash("sha256").update(image).digest("hex")}` : "",
    ...(isStarted ? { containerID: `containerd://${containerId}` } : {}),
    ready: isStarted,
    started: isStarted,
    restartCount: 0,
    state: isStarted
      ? { running: { startedAt: "2026-01-01T00:00:00Z" } }
      : { waiting: { reason: "ContainerCreating" } },
    lastState: {},
  };
}

/** A uid for a seed, in the form of a UUID. */
export function uidOf(seed: string): string {
  const hex = createHash("sha256").update(`uid ${seed}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
