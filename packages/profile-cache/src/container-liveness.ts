import type { ContainerRef } from "./container-ref.ts";

/** How a container is doing: it runs or waits to, it ended, or there is no such pod (often for a while: pods are known late). @public */
export type ContainerLiveness = "running" | "ended" | "unknown";

/** Status of one container, as Kubernetes reports it. @public */
export interface LivenessStatus {
  readonly name: string;
  /** With the runtime in front; absent or empty until the container was created. */
  readonly containerID?: string;
  /** Has one member, named after the state. */
  readonly state?: Readonly<Record<string, unknown>> | undefined;
}

/** The part of a pod that tells. @public */
export interface LivenessPod {
  readonly metadata: { readonly uid: string };
  readonly spec: {
    readonly containers: readonly { readonly name: string }[];
    readonly initContainers?: readonly { readonly name: string }[];
    readonly ephemeralContainers?: readonly { readonly name: string }[];
  };
  readonly status?: {
    readonly containerStatuses?: readonly LivenessStatus[];
    readonly initContainerStatuses?: readonly LivenessStatus[];
    readonly ephemeralContainerStatuses?: readonly LivenessStatus[];
  };
}

/**
 * Tells from its pod whether a container ended.
 *
 * - A status with the container's id decides: terminated or not; waiting is not ended.
 * - A status of that name without an id belongs to the container unless the pods' uids are known and differ.
 * - A status of that name with another id: this instance was replaced, hence ended.
 * - No status of that name: running while the pod's spec declares the container (an ephemeral or init container that was just added has
 *   none yet), else ended.
 * - A pod without any status says nothing: running.
 *
 * @param pod - undefined when it is not known.
 *
 * @public
 */
export function containerLiveness(ref: ContainerRef, pod: LivenessPod | undefined): ContainerLiveness {
  if (pod === undefined) return "unknown";
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
  const statuses = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses];
  if (statuses.length === 0) return "running";
  const { podUid = "" } = ref;
  const own = statuses.find((status) => withoutRuntime(status.containerID) === ref.containerId);
  if (own !== undefined) return isTerminated(own) ? "ended" : "running";
  const named = statuses.find((status) => status.name === ref.containerName);
  if (named === undefined) return isDeclared(ref.containerName, pod) ? "running" : "ended";
  if (withoutRuntime(named.containerID) !== "" || (podUid !== "" && podUid !== pod.metadata.uid)) return "ended";
  return isTerminated(named) ? "ended" : "running";
}

function withoutRuntime(id: string | undefined): string {
  if (id === undefined) return "";
  const at = id.indexOf("://");
  return at === -1 ? id : id.slice(at + 3);
}

function isTerminated(status: LivenessStatus): boolean {
  const terminated = status.state?.["terminated"];
  return terminated !== undefined && terminated !== null;
}

function isDeclared(name: string, { spec }: LivenessPod): boolean {
  const isNamed = (container: { readonly name: string }): boolean => container.name === name;
  return (
    spec.containers.some(isNamed) ||
    spec.initContainers?.some(isNamed) === true ||
    spec.ephemeralContainers?.some(isNamed) === true
  );
}
