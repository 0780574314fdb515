import type { IdentifiedCallStack } from "./call-stack.ts";
import type { LabelSelector } from "./label-selector.ts";
import type { NetworkNeighbor } from "./network-neighbor.ts";

/** API group of the profile kinds. @public */
export const PROFILE_GROUP = "spdx.softwarecomposition.kubescape.io";
/** API version of the profile kinds. @public */
export const PROFILE_VERSION = "v1beta1";
/** `apiVersion` of a {@link ContainerProfile}. @public */
export const PROFILE_API_VERSION = "spdx.softwarecomposition.kubescape.io/v1beta1";
/** `kind` of a {@link ContainerProfile}. @public */
export const CONTAINER_PROFILE_KIND = "ContainerProfile";

/** One executed program. The same path appears once per distinct argument list. @public */
export interface ExecCall {
  /** Absolute path of the executable; may hold wildcards in authored profiles. */
  readonly path: string;
  /** Argument vector in order, the program's own name first as the learner saw it. */
  readonly args: readonly string[];
  /** `NAME=value`, a set. */
  readonly envs: readonly string[];
  /** True when the arguments must match too. False when absent. */
  readonly argsRequired: boolean;
}

/** One opened file with the set of flags seen for it. @public */
export interface OpenCall {
  readonly path: string;
  /** Names such as `O_RDONLY`, a set. */
  readonly flags: readonly string[];
}

/** One HTTP endpoint that the container served or called. @public */
export interface HttpEndpoint {
  /** `:port/path`. */
  readonly endpoint: string;
  /** Upper-case methods, a set. */
  readonly methods: readonly string[];
  /** True when the peer was inside the cluster. */
  readonly internal: boolean;
  /** `""` when the document does not say. */
  readonly direction: "inbound" | "outbound" | "";
  /** Header name → values seen. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** What one rule allows beyond the profile. @public */
export interface RulePolicy {
  /** Names of processes that may; a set. */
  readonly processAllowed: readonly string[];
  /** True when every process of the container may. */
  readonly containerAllowed: boolean;
}

/** Seccomp profile generated from the system calls seen; `spec` is passed through as it came. @public */
export interface SeccompProfile {
  readonly name: string;
  readonly path: string;
  readonly spec: unknown;
}

/**
 * What one container does. Every list is a set unless its member says otherwise, and always present: a document that leaves
 * one out, or says `null`, is read as empty.
 *
 * @public
 */
export interface ProfileSurfaces {
  /** Linux capabilities used, e.g. `NET_BIND_SERVICE`. */
  readonly capabilities: readonly string[];
  readonly execs: readonly ExecCall[];
  readonly opens: readonly OpenCall[];
  /** System call names. */
  readonly syscalls: readonly string[];
  readonly seccompProfile?: SeccompProfile | undefined;
  readonly endpoints: readonly HttpEndpoint[];
  /** `""` when unknown. */
  readonly imageID: string;
  /** `""` when unknown. */
  readonly imageTag: string;
  /** By rule id. */
  readonly rulePolicies: Readonly<Record<string, RulePolicy>>;
  readonly identifiedCallStacks: readonly IdentifiedCallStack[];
  readonly ingress: readonly NetworkNeighbor[];
  readonly egress: readonly NetworkNeighbor[];
}

/** One section of an authored, grouped document. @public */
export interface NamedProfileSurfaces extends ProfileSurfaces {
  /** The container that the section is about. */
  readonly name: string;
}

/**
 * `spec` of a {@link ContainerProfile}: flat for a learned profile; an authored one may use the three groups instead.
 *
 * @public
 */
export interface ContainerProfileSpec extends ProfileSurfaces, LabelSelector {
  /** CPU architectures seen, e.g. `amd64`. */
  readonly architectures: readonly string[];
  readonly containers: readonly NamedProfileSurfaces[];
  readonly initContainers: readonly NamedProfileSurfaces[];
  readonly ephemeralContainers: readonly NamedProfileSurfaces[];
}

/** The part of the object's metadata that Kinglet reads. @public */
export interface ProfileMetadata {
  readonly name: string;
  readonly namespace: string;
  /** Absent before the first write. */
  readonly uid?: string;
  /** Opaque version of the stored object; absent before the first write. */
  readonly resourceVersion?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * What one container of a workload does: the object that is learned, stored, cached and compared with events.
 *
 * Treat it as immutable: one object may serve thousands of containers. Lifecycle is in annotations, see `profileStatus`.
 *
 * @see reference: kubescape/storage, `pkg/apis/softwarecomposition/v1beta1/types.go`
 *
 * @public
 */
export interface ContainerProfile {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ProfileMetadata;
  readonly spec: ContainerProfileSpec;
}
