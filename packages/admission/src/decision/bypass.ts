import type { AdmissionRequest } from "../review/admission-request.ts";
import { isRecord, listAt, recordAt, textAt } from "../review/loose-json.ts";
import type { ExemptNamespaces } from "./exempt-namespaces.ts";

/** Why a request is allowed without being evaluated. @public */
export type BypassReason =
  | "operation"
  | "namespace"
  | "kind"
  | "sub-resource"
  | "system-user"
  | "system-service-account"
  | "node"
  | "owned"
  | "break-glass";

/** What of a request is known before its objects are read. @public */
export type RequestHead = Pick<
  AdmissionRequest,
  "operation" | "namespace" | "resource" | "subResource" | "user" | "groups"
>;

/** What bypasses depend on. @public */
export interface BypassOptions {
  readonly exempt: ExemptNamespaces;
  /** Operations that are evaluated, upper case. */
  readonly operations: ReadonlySet<string>;
  /** Whether the annotation of {@link breakGlassAnnotations} lets an object through. */
  readonly allowsBreakGlass: boolean;
}

/**
 * Annotations that let an object through; presence counts, whatever the value. The second is that of existing installations.
 *
 * @public
 */
export const breakGlassAnnotations = ["kinglet.dev/break-glass", "admission.stackrox.io/break-glass"] as const;

const systemUsers: ReadonlySet<string> = new Set([
  "system:kube-scheduler",
  "system:kube-controller-manager",
  "system:kube-proxy",
]);

/** Kinds that make pods, by resource. */
const workloadResources: Readonly<Record<string, true>> = {
  pods: true,
  deployments: true,
  replicasets: true,
  replicationcontrollers: true,
  statefulsets: true,
  daemonsets: true,
  cronjobs: true,
  jobs: true,
  deploymentconfigs: true,
};

/** What makes workloads from a template that was judged when it came, as `apiVersion/kind`. */
const owningControllers: ReadonlySet<string> = new Set([
  "apps/v1/Deployment",
  "apps/v1/ReplicaSet",
  "v1/ReplicationController",
  "apps/v1/StatefulSet",
  "apps/v1/DaemonSet",
  "batch/v1/CronJob",
  "batch/v1/Job",
  "apps.openshift.io/v1/DeploymentConfig",
]);

/**
 * Bypasses that need no object, in the order of stackrox.md §7.3: operation, namespace, sub-resource, user, service account, group.
 *
 * @internal
 */
export function requestBypass(request: RequestHead, options: BypassOptions): BypassReason | undefined {
  if (!options.operations.has(request.operation)) return "operation";
  if (options.exempt.has(request.namespace)) return "namespace";
  if (!Object.hasOwn(workloadResources, request.resource)) return "kind";
  if (request.subResource !== "" && request.subResource !== "scale" && !addsEphemeralContainers(request))
    return "sub-resource";
  if (systemUsers.has(request.user)) return "system-user";
  if (options.exempt.has(serviceAccountNamespace(request.user))) return "system-service-account";
  return request.groups.includes("system:nodes") ? "node" : undefined;
}

/** Whether containers are added to a running pod. Eviction, the pod's other sub-resource of that kind, changes no container. @internal */
export function addsEphemeralContainers({ resource, subResource, operation }: RequestHead): boolean {
  return subResource === "ephemeralcontainers" && resource === "pods" && operation === "UPDATE";
}

/**
 * Bypasses of what is done to running pods: operation, namespace, another resource, user, group. Service accounts of exempt namespaces are judged: no controller of a
 * cluster opens a shell.
 *
 * @internal
 */
export function connectionBypass(request: RequestHead, options: BypassOptions): BypassReason | undefined {
  if (!options.operations.has(request.operation)) return "operation";
  if (options.exempt.has(request.namespace)) return "namespace";
  if (request.operation !== "CONNECT" || request.resource !== "pods") return "kind";
  if (systemUsers.has(request.user)) return "system-user";
  return request.groups.includes("system:nodes") ? "node" : undefined;
}

/**
 * Bypasses that are written in the object itself: an update that leaves as it was what another workload made, or let through on purpose.
 *
 * References to owners are written by whoever sends the object, so they say nothing of their own about who made it: what the cluster's controllers make is known by
 * who asks ({@link requestBypass}), and everything else that is created is judged, the pods of custom controllers among it. Only the stored object is believed, for
 * changes to what no policy of a template is about, as labels that a service mesh adds to pods: a refusal there could only be helped by changing the owner.
 *
 * @param object - what would be stored.
 *
 * @internal
 */
export function objectBypass(
  request: AdmissionRequest,
  object: unknown,
  options: BypassOptions,
): BypassReason | undefined {
  if (leavesDependentAsItWas(request)) return "owned";
  if (!options.allowsBreakGlass) return undefined;
  const annotations = recordAt(recordAt(object, "metadata"), "annotations");
  if (annotations === undefined) return undefined;
  return breakGlassAnnotations.some((key) => Object.hasOwn(annotations, key)) ? "break-glass" : undefined;
}

function leavesDependentAsItWas({ operation, subResource, object, oldObject }: AdmissionRequest): boolean {
  if (operation !== "UPDATE" || subResource !== "") return false;
  const owner = owningController(oldObject);
  if (owner === "" || owner !== owningController(object)) return false;
  const spec = recordAt(object, "spec");
  // One API server wrote both, in one order of members; another order would only be judged.
  return spec !== undefined && JSON.stringify(spec) === JSON.stringify(recordAt(oldObject, "spec"));
}

/** The uid of the workload that made an object; empty when none of the kinds above did. */
function owningController(object: unknown): string {
  for (const owner of listAt(recordAt(object, "metadata"), "ownerReferences")) {
    if (!isRecord(owner) || owner["controller"] !== true) continue;
    if (owningControllers.has(`${textAt(owner, "apiVersion")}/${textAt(owner, "kind")}`)) return textAt(owner, "uid");
  }
  return "";
}

/** Empty for users that are no service accounts. */
function serviceAccountNamespace(user: string): string {
  const prefix = "system:serviceaccount:";
  if (!user.startsWith(prefix)) return "";
  const end = user.indexOf(":", prefix.length);
  return end < 0 ? "" : user.slice(prefix.length, end);
}
