import type { ImageMetadata } from "../workload/image-metadata.ts";
import type { PortExposure, Workload } from "../workload/workload.ts";

/**
 * A workload and what is known around it. Everything optional is a port: an absent one, or one that answers `undefined`, means
 * *not known*, and what depends on it is not evaluated. Each is asked at most once per container or workload and evaluation, and
 * only by policies that need it.
 *
 * @public
 */
export interface EvaluationSubject {
  readonly workload: Workload;
  /** Id or name of this cluster, for scopes. */
  readonly cluster?: string;
  readonly clusterLabels?: ReadonlyMap<string, string>;
  readonly namespaceLabels?: ReadonlyMap<string, string>;
  /** By the reference as the container has it. */
  readonly image?: (reference: string) => ImageMetadata | undefined;
  /** What the workload's service account may do. */
  readonly rbac?: (workload: Workload) => PermissionLevel | undefined;
  /** Whether any network policy selects the workload's pods, by direction. */
  readonly networkPolicies?: (workload: Workload) => NetworkPolicyCoverage | undefined;
  /** How services expose the workload's ports. */
  readonly services?: (workload: Workload) => readonly ServiceExposure[] | undefined;
}

/** Lowest first. @public */
export type PermissionLevel = "NONE" | "DEFAULT" | "ELEVATED_IN_NAMESPACE" | "ELEVATED_CLUSTER_WIDE" | "CLUSTER_ADMIN";

/** @public */
export interface NetworkPolicyCoverage {
  readonly ingress: boolean;
  readonly egress: boolean;
}

/** A container port that a service leads to. @public */
export interface ServiceExposure extends PortExposure {
  readonly port: number;
  /** Upper case. */
  readonly protocol: string;
}
