import {
  POD_PROJECTION_PATHS,
  type PodView,
  type PodViewContainer,
  type PodViewContainerStatus,
} from "@kinglet/enrichment";

/** How a container ended. @internal */
interface EndDetails {
  readonly containerID?: string;
  readonly startedAt?: string;
  /** Absent for 0. */
  readonly exitCode?: number;
}

/** What learning reads of a container's status. @internal */
export interface StatusDetails extends PodViewContainerStatus {
  readonly state?: { readonly running?: { readonly startedAt?: string }; readonly terminated?: EndDetails };
  readonly lastState?: { readonly terminated?: EndDetails };
}

/** What rules read of a container's specification. @internal */
export interface ContainerDetails extends PodViewContainer {
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly volumeMounts?: readonly { readonly mountPath: string }[];
  readonly lifecycle?: {
    readonly postStart?: { readonly exec?: { readonly command?: readonly string[] } };
    readonly preStop?: { readonly exec?: { readonly command?: readonly string[] } };
  };
}

/** A pod with what learning and rules need besides what tells containers apart. @internal */
export interface PodDetails extends PodView {
  readonly spec: PodView["spec"] & {
    readonly hostNetwork?: boolean;
    readonly containers: readonly ContainerDetails[];
    readonly initContainers?: readonly ContainerDetails[];
    readonly ephemeralContainers?: readonly ContainerDetails[];
  };
  readonly status?: PodView["status"] & {
    /** The first one of two. */
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly containerStatuses?: readonly StatusDetails[];
    readonly initContainerStatuses?: readonly StatusDetails[];
    readonly ephemeralContainerStatuses?: readonly StatusDetails[];
  };
}

/** The fields of {@link PodDetails}. @internal */
export function podPaths(): readonly string[] {
  const statuses = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
  const containers = ["containers", "initContainers", "ephemeralContainers"];
  return [
    ...POD_PROJECTION_PATHS,
    "spec.hostNetwork",
    "status.podIP",
    "status.podIPs[].ip",
    ...containers.flatMap((list) =>
      [
        "command",
        "args",
        "volumeMounts[].mountPath",
        "lifecycle.postStart.exec.command",
        "lifecycle.preStop.exec.command",
      ].map((path) => `spec.${list}[].${path}`),
    ),
    ...statuses.flatMap((list) =>
      [
        "state.running.startedAt",
        "state.terminated.startedAt",
        "state.terminated.exitCode",
        "lastState.terminated.startedAt",
        "lastState.terminated.exitCode",
      ].map((path) => `status.${list}[].${path}`),
    ),
  ];
}
