/** Commands that a container's specification names, each as a list of words. @public */
export interface ContainerCommands {
  /** `command` and `args` of the container; empty without a `command`, because the image decides then what is run. */
  readonly command: readonly string[];
  /** `lifecycle.postStart.exec.command` */
  readonly postStart: readonly string[];
  /** `lifecycle.preStop.exec.command` */
  readonly preStop: readonly string[];
  /** True once somebody deleted the pod (`metadata.deletionTimestamp`): only then does the preStop hook say that the container is stopping. */
  readonly isPodEnding: boolean;
}

/**
 * Port: what rules ask of the cluster and of the node, beyond profiles. Synchronous; asked while an event is judged.
 *
 * `undefined` says "not known here": the expression that asks fails and is counted, it does not get a guess. `commandsOf` alone is allowed
 * not to know: then nothing is exempt.
 *
 * @public
 */
export interface DetectionHost {
  /** Where volumes are mounted in the container, absolute paths without detours; undefined without the pod's specification. */
  mountPathsOf(namespace: string, podName: string, containerName: string): readonly string[] | undefined;
  /** Whether the pod has such a container or init container; undefined without the pod's specification. */
  hasContainer(namespace: string, podName: string, containerName: string): boolean | undefined;
  /** Addresses under which containers reach the API server, canonical text. */
  readonly apiServerAddresses: readonly string[];
  /** Environment of a process of this node; undefined when it is gone or may not be read. */
  processEnvironment(pid: number): Readonly<Record<string, string>> | undefined;
  commandsOf(namespace: string, podName: string, containerName: string): ContainerCommands | undefined;
}
