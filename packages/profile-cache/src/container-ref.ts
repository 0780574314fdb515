/**
 * A running container and the profile that is about it.
 *
 * @public
 */
export interface ContainerRef {
  /** Without the `runtime://` prefix; the key. */
  readonly containerId: string;
  /** Namespace of the pod, and of its profile. */
  readonly namespace: string;
  /** Name of the ContainerProfile. */
  readonly profileName: string;
  /** For people who look at `containers()`. */
  readonly podName: string;
  /** For people who look at `containers()`. */
  readonly containerName: string;
}
