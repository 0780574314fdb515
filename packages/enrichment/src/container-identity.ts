/** In which list of the pod a container is declared. @public */
export type ContainerType = "containers" | "initContainers" | "ephemeralContainers";

/**
 * Which container of which pod, and who owns that pod.
 *
 * Identities are shared and never changed: two pods of one ReplicaSet share every string that is equal.
 *
 * @public
 */
export interface ContainerIdentity {
  /** Full id as the runtime reports it, without `containerd://` (64 hex digits with every common runtime). */
  readonly containerId: string;
  readonly podUid: string;
  readonly namespace: string;
  readonly podName: string;
  readonly containerName: string;
  readonly containerType: ContainerType;
  /** As written in the pod; empty when absent. */
  readonly image: string;
  /** As the runtime resolved it; empty when not yet known. */
  readonly imageId: string;
  readonly nodeName: string;
  /** First owner reference of the pod; the pod itself when it has none or a Node owns it (static pods). */
  readonly ownerApiVersion: string;
  readonly ownerKind: string;
  readonly ownerName: string;
  /** Label `pod-template-hash`; empty when absent. */
  readonly templateHash: string;
  /** The pod's labels, the same object for all of its containers. */
  readonly podLabels?: Readonly<Record<string, string>>;
}
