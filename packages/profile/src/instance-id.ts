import { createError } from "@kinglet/errors";
import { profileErrors } from "./errors.ts";

/** Which list of the pod's spec the container stands in. @public */
export type ContainerType = "containers" | "initContainers" | "ephemeralContainers";

/**
 * What identifies a container across restarts and replicas of its workload.
 *
 * @public
 */
export interface InstanceIdParts {
  /** API version of the owner, e.g. `apps/v1`; `v1` when the pod stands for itself. */
  readonly apiVersion: string;
  /** Namespace of the pod. */
  readonly namespace: string;
  /** Kind of the pod's first owner reference, e.g. `ReplicaSet`; `Pod` when there is none or it is a `Node`. */
  readonly kind: string;
  /** Name of that owner. */
  readonly name: string;
  /** Stands in for `name` where the owner's name does not survive a roll-out, see {@link alternateName}. Empty = not used. */
  readonly alternateName?: string | undefined;
  readonly containerType: ContainerType;
  readonly containerName: string;
}

/**
 * The instance id of a container:
 * `apiVersion-<v>/namespace-<ns>/kind-<Kind>/name-<name>/<containerName|initContainerName|ephemeralContainerName>-<container>`.
 *
 * @throws `KINGLET_ERR_PROFILE_INVALID_INSTANCE_ID` when API version, namespace, kind or name is empty.
 *
 * @see reference: kubescape/k8s-interface, `instanceidhandler/v1`
 *
 * @public
 */
export function createInstanceId(parts: InstanceIdParts): string {
  return `${createWorkloadInstanceId(parts)}/${containerPrefix(parts.containerType)}-${parts.containerName}`;
}

/**
 * The form without the container: the same for every container of the workload.
 *
 * @throws as {@link createInstanceId}.
 *
 * @public
 */
export function createWorkloadInstanceId(parts: Omit<InstanceIdParts, "containerType" | "containerName">): string {
  const name = slugName(parts);
  requirePart("the API version", parts.apiVersion);
  requirePart("the namespace", parts.namespace);
  requirePart("the kind", parts.kind);
  requirePart("the name", parts.name);
  return `apiVersion-${parts.apiVersion}/namespace-${parts.namespace}/kind-${parts.kind}/name-${name}`;
}

/** The owner's name as ids and slugs use it. @internal */
export function slugName(parts: Pick<InstanceIdParts, "name" | "alternateName">): string {
  const { alternateName = "" } = parts;
  return alternateName === "" ? parts.name : alternateName;
}

function requirePart(what: string, value: string): void {
  if (value === "") {
    throw createError(profileErrors, "KINGLET_ERR_PROFILE_INVALID_INSTANCE_ID", { problem: `${what} is empty` });
  }
}

function containerPrefix(type: ContainerType): string {
  if (type === "containers") return "containerName";
  return type === "initContainers" ? "initContainerName" : "ephemeralContainerName";
}
