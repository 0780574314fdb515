import type { ImageName } from "./image-name.ts";

/**
 * What policies look at in an object that carries a pod template: plain data, every field present, defaults of the API filled
 * in. {@link readWorkload} makes it. It shares the strings of the object it was read from and nothing else.
 *
 * @public
 */
export interface Workload {
  /** `Deployment`, `Pod`, … as in the object. */
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  /** Empty when the object has none, as in a CREATE request. */
  readonly uid: string;
  /** Labels of the object itself, not of its pods. */
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  /** Labels of the pods it makes: what services and network policies select by. */
  readonly podLabels: ReadonlyMap<string, string>;
  /** Undefined where the kind has no replicas (a Pod, DaemonSet, Job). */
  readonly replicas: number | undefined;
  /** `default` when the pod names none. */
  readonly serviceAccount: string;
  /** As the pod says; true when it says nothing. The service account's own setting is not known here. */
  readonly automountServiceAccountToken: boolean;
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  /** Empty when none is named. */
  readonly runtimeClass: string;
  /** Regular containers first, then init, then ephemeral ones. */
  readonly containers: readonly WorkloadContainer[];
  /** Ports of all containers, each number and protocol once. */
  readonly ports: readonly WorkloadPort[];
}

/** Which list of the pod a container stands in. @public */
export type WorkloadContainerType = "REGULAR" | "INIT" | "EPHEMERAL";

/** A container as policies see it; what the container leaves open comes from the pod's security context. @public */
export interface WorkloadContainer {
  /** Place in {@link Workload.containers}. */
  readonly index: number;
  readonly type: WorkloadContainerType;
  readonly name: string;
  /** As written. */
  readonly image: string;
  readonly imageName: ImageName;
  readonly privileged: boolean;
  readonly readOnlyRootFilesystem: boolean;
  /** True when stated, and for containers that are privileged or add SYS_ADMIN, to which the API grants it anyway. */
  readonly allowPrivilegeEscalation: boolean;
  /** Upper case, without `CAP_`, in the order of the object. */
  readonly addedCapabilities: readonly string[];
  readonly droppedCapabilities: readonly string[];
  /** Undefined when neither container nor pod says: the node decides. */
  readonly seccompProfile: SeccompProfileType | undefined;
  /** `runtime/default`, `localhost/NAME`, `unconfined`; empty when nothing is said. */
  readonly appArmorProfile: string;
  /** Cores; 0 when absent. */
  readonly cpuRequest: number;
  readonly cpuLimit: number;
  /** MiB; 0 when absent. */
  readonly memoryRequest: number;
  readonly memoryLimit: number;
  readonly hasLivenessProbe: boolean;
  readonly hasReadinessProbe: boolean;
  readonly environment: readonly EnvironmentVariable[];
  /** One per mount, secrets included. */
  readonly volumes: readonly MountedVolume[];
}

/** @public */
export type SeccompProfileType = "UNCONFINED" | "RUNTIME_DEFAULT" | "LOCALHOST";

/** Where the value of a variable comes from. @public */
export type EnvironmentSource =
  | "UNSET"
  | "RAW"
  | "SECRET_KEY"
  | "CONFIG_MAP_KEY"
  | "FIELD"
  | "RESOURCE_FIELD"
  | "UNKNOWN";

/** @public */
export interface EnvironmentVariable {
  readonly source: EnvironmentSource;
  readonly key: string;
  /** The literal value; for a reference `name/key` or the field's path, never the value referred to. */
  readonly value: string;
}

/** @public */
export type MountPropagation = "NONE" | "HOSTTOCONTAINER" | "BIDIRECTIONAL";

/** @public */
export interface MountedVolume {
  readonly name: string;
  /** Path on the host, name of the claim, secret or config map, or what else the type has; empty when it has none. */
  readonly source: string;
  /** `HostPath`, `PersistentVolumeClaim`, `EmptyDir` …: the API's field, first letter upper case; empty for an unknown volume. */
  readonly type: string;
  readonly destination: string;
  readonly readOnly: boolean;
  readonly propagation: MountPropagation;
}

/** @public */
export interface WorkloadPort {
  readonly name: string;
  readonly port: number;
  /** Upper case. */
  readonly protocol: string;
  /** Of the container ports with a host port; services add theirs at evaluation. */
  readonly exposures: readonly PortExposure[];
}

/** @public */
export type ExposureLevel = "EXTERNAL" | "NODE" | "HOST" | "INTERNAL" | "ROUTE";

/** One way to reach a port from outside its pod. @public */
export interface PortExposure {
  readonly level: ExposureLevel;
  /** Port on the node; undefined where there is none. */
  readonly nodePort: number | undefined;
  /** Name of the service; empty for a host port. */
  readonly service: string;
}
