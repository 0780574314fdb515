/**
 * Something that happened, as RUNTIME policies see it. Each kind meets the policies of its family only.
 *
 * @public
 */
export type RuntimePolicyEvent = ProcessEvent | NetworkFlowEvent | KubeEvent | AuditLogEvent | FileAccessEvent;

/** A process in a container of the workload, or on the node. @public */
export interface ProcessFacts {
  /** Name of the program without its folder. */
  readonly name: string;
  /** Path of the program. */
  readonly path: string;
  readonly arguments: string;
  readonly uid: number;
  /** Paths of the ancestors' programs, parent first. */
  readonly ancestors: readonly string[];
  /** False when the process is outside the container's baseline; undefined when there is no baseline to ask. */
  readonly isInBaseline: boolean | undefined;
}

/** @public */
export interface ProcessEvent {
  readonly kind: "process";
  readonly containerName: string;
  readonly process: ProcessFacts;
}

/** @public */
export interface NetworkFlowEvent {
  readonly kind: "networkFlow";
  readonly source: string;
  readonly destination: string;
  readonly port: number;
  readonly protocol: string;
  /** See {@link ProcessFacts.isInBaseline}. */
  readonly isInBaseline: boolean | undefined;
}

/** An exec, attach or port-forward into a pod, as the admission webhook sees it. @public */
export interface KubeEvent {
  readonly kind: "kubeEvent";
  readonly resource: "PODS_EXEC" | "PODS_ATTACH" | "PODS_PORTFORWARD";
  readonly pod: string;
  readonly namespace: string;
  /** Empty when the request names none. */
  readonly containerName: string;
  readonly commands: readonly string[];
  readonly ports: readonly number[];
  readonly user: string;
  readonly groups: readonly string[];
  readonly impersonatedUser: string;
}

/** A line of the API server's audit log. @public */
export interface AuditLogEvent {
  readonly kind: "auditLog";
  /** `SECRETS`, `CONFIGMAPS`, `CLUSTER_ROLES`, … */
  readonly resource: string;
  readonly name: string;
  /** Empty for cluster-scoped objects: scopes do not look at the namespace then. */
  readonly namespace: string;
  /** `GET`, `CREATE`, … */
  readonly verb: string;
  readonly user: string;
  readonly groups: readonly string[];
  /** Empty when nobody was impersonated. */
  readonly impersonatedUser: string;
  readonly sourceIps: readonly string[];
  readonly userAgent: string;
  readonly requestUri: string;
}

/** @public */
export interface FileAccessEvent {
  readonly kind: "fileAccess";
  /** `OPEN`, `CREATE`, `RENAME`, `UNLINK`, `OWNERSHIP_CHANGE`, `PERMISSION_CHANGE`, `XATTR_CHANGE`. */
  readonly operation: string;
  readonly path: string;
  /** New path of a rename; empty otherwise. */
  readonly movedTo: string;
  /** Empty on the node itself. */
  readonly containerName: string;
  readonly process: ProcessFacts | undefined;
}
