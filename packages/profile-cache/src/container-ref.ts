/**
 * A running container and what its profile can be made of.
 *
 * @public
 */
export interface ContainerRef {
  /** Without the `runtime://` prefix; the key. */
  readonly containerId: string;
  /** Namespace of the pod, and of its profile. */
  readonly namespace: string;
  /** Name of the learned ContainerProfile; `""` for a container that cannot have one (the host). */
  readonly profileName: string;
  /** For people who look at `containers()`, and for the pod look-up. */
  readonly podName: string;
  /** Picks the section of documents that describe several containers. */
  readonly containerName: string;
  /** Uid of the pod; `""` or absent when unknown. */
  readonly podUid?: string;
  /** Name of the workload, see `workloadSlug`: overlays of the workload are called `ug-<name>`. Absent: there are none. */
  readonly workloadName?: string;
  /** Value of the pod label `kubescape.io/user-defined-profile`. Absent or `""`: no label. */
  readonly userProfile?: string;
}
