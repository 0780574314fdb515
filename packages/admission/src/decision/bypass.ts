import type { AdmissionRequest } from "../review/admission-request.ts";
import { listAt, recordAt, textAt } from "../review/loose-json.ts";
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

/** Kinds whose controllers make workloads from a template that was evaluated when it came. */
const owningKinds: ReadonlySet<string> = new Set([
  "Deployment",
  "ReplicaSet",
  "ReplicationController",
  "StatefulSet",
  "DaemonSet",
  "CronJob",
  "Job",
  "DeploymentConfig",
]);

/**
 * Bypasses that need no object, in the order of stackrox.md §7.3: operation, namespace, sub-resource, user, service account, group.
 *
 * @internal
 */
export function requestBypass(request: AdmissionRequest, options: BypassOptions): BypassReason | undefined {
  if (!options.operations.has(request.operation)) return "operation";
  if (options.exempt.has(request.namespace)) return "namespace";
  if (!Object.hasOwn(workloadResources, request.resource)) return "kind";
  if (request.subResource !== "" && request.subResource !== "scale") return "sub-resource";
  if (systemUsers.has(request.user)) return "system-user";
  if (options.exempt.has(serviceAccountNamespace(request.user))) return "system-service-account";
  return request.groups.includes("system:nodes") ? "node" : undefined;
}

/**
 * Bypasses that are written in the object itself: made by another workload, or let through on purpose.
 *
 * @internal
 */
export function objectBypass(object: unknown, options: BypassOptions): BypassReason | undefined {
  const metadata = recordAt(object, "metadata");
  for (const owner of listAt(metadata, "ownerReferences")) {
    if (owningKinds.has(textAt(owner, "kind"))) return "owned";
  }
  if (!options.allowsBreakGlass) return undefined;
  const annotations = recordAt(metadata, "annotations");
  if (annotations === undefined) return undefined;
  return breakGlassAnnotations.some((key) => Object.hasOwn(annotations, key)) ? "break-glass" : undefined;
}

/** Empty for users that are no service accounts. */
function serviceAccountNamespace(user: string): string {
  const prefix = "system:serviceaccount:";
  if (!user.startsWith(prefix)) return "";
  const end = user.indexOf(":", prefix.length);
  return end < 0 ? "" : user.slice(prefix.length, end);
}
