import type { InstanceIdParts } from "./instance-id.ts";
import {
  CONTAINER_NAME_LABEL,
  TEMPLATE_HASH_LABEL,
  WORKLOAD_API_GROUP_LABEL,
  WORKLOAD_API_VERSION_LABEL,
  WORKLOAD_KIND_LABEL,
  WORKLOAD_NAMESPACE_LABEL,
  WORKLOAD_NAME_LABEL,
} from "./profile-keys.ts";

/**
 * Labels of a profile that say which container it is about.
 *
 * @param templateHash - label `pod-template-hash` of the pod, or the hash of a CronJob's pod spec.
 * @returns only values that Kubernetes takes as label values (at most 63 characters); others are left out.
 *
 * @public
 */
export function workloadLabels(parts: InstanceIdParts, templateHash: string = ""): Readonly<Record<string, string>> {
  const slash = parts.apiVersion.indexOf("/");
  return legalLabels({
    [WORKLOAD_API_GROUP_LABEL]: slash === -1 ? "" : parts.apiVersion.slice(0, slash),
    [WORKLOAD_API_VERSION_LABEL]: parts.apiVersion.slice(slash + 1),
    [WORKLOAD_NAMESPACE_LABEL]: parts.namespace,
    [WORKLOAD_KIND_LABEL]: parts.kind,
    [WORKLOAD_NAME_LABEL]: parts.name,
    [CONTAINER_NAME_LABEL]: parts.containerName,
    [TEMPLATE_HASH_LABEL]: templateHash,
  });
}

/** The labels without those whose value no label may have. @public */
export function legalLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => isLabelValue(value)));
}

/**
 * The workload's id in annotations and alerts: `wlid://cluster-<cluster>/namespace-<namespace>/<kind>-<name>`, the kind in lower
 * case.
 *
 * @public
 */
export function createWorkloadId(
  cluster: string,
  workload: Pick<InstanceIdParts, "namespace" | "kind" | "name">,
): string {
  return `wlid://cluster-${cluster}/namespace-${workload.namespace}/${workload.kind.toLowerCase()}-${workload.name}`;
}

function isLabelValue(value: string): boolean {
  return value.length <= 63 && /^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$/.test(value);
}
