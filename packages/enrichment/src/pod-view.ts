/** A container as the pod declares it. @public */
export interface PodViewContainer {
  readonly name: string;
  readonly image?: string;
}

/** A container as the kubelet reports it. @public */
export interface PodViewContainerStatus {
  readonly name: string;
  /** With the runtime in front: `containerd://...`. Absent until the container was created. */
  readonly containerID?: string;
  readonly imageID?: string;
  /** What ran before it under the same name. */
  readonly lastState?: { readonly terminated?: { readonly containerID?: string } };
}

/** An owner of a pod. @public */
export interface PodViewOwner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly controller?: boolean;
}

/**
 * The part of a pod that is read here: exactly {@link POD_PROJECTION_PATHS}.
 *
 * @public
 */
export interface PodView {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly PodViewOwner[];
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly PodViewContainer[];
    readonly initContainers?: readonly PodViewContainer[];
    readonly ephemeralContainers?: readonly PodViewContainer[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly PodViewContainerStatus[];
    readonly initContainerStatuses?: readonly PodViewContainerStatus[];
    readonly ephemeralContainerStatuses?: readonly PodViewContainerStatus[];
  };
}

/**
 * The fields of a pod that a {@link PodView} has, as paths for a projecting client; `[]` stands for every element.
 *
 * @public
 */
export const POD_PROJECTION_PATHS: readonly string[] = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "metadata.resourceVersion",
  "metadata.labels",
  "metadata.ownerReferences[].apiVersion",
  "metadata.ownerReferences[].kind",
  "metadata.ownerReferences[].name",
  "metadata.ownerReferences[].controller",
  "metadata.deletionTimestamp",
  "spec.nodeName",
  "spec.containers[].name",
  "spec.containers[].image",
  "spec.initContainers[].name",
  "spec.initContainers[].image",
  "spec.ephemeralContainers[].name",
  "spec.ephemeralContainers[].image",
  "status.phase",
  "status.containerStatuses[].name",
  "status.containerStatuses[].containerID",
  "status.containerStatuses[].imageID",
  "status.containerStatuses[].lastState.terminated.containerID",
  "status.initContainerStatuses[].name",
  "status.initContainerStatuses[].containerID",
  "status.initContainerStatuses[].imageID",
  "status.initContainerStatuses[].lastState.terminated.containerID",
  "status.ephemeralContainerStatuses[].name",
  "status.ephemeralContainerStatuses[].containerID",
  "status.ephemeralContainerStatuses[].imageID",
  "status.ephemeralContainerStatuses[].lastState.terminated.containerID",
];
