import type { KubeObjectInput } from "../resources/kube-object.ts";

/** The priority classes that every cluster has. */
export function systemPriorityClasses(): KubeObjectInput[] {
  const kind = { apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", preemptionPolicy: "PreemptLowerPriority" };
  return [
    {
      ...kind,
      metadata: { name: "system-cluster-critical" },
      value: 2_000_000_000,
      description:
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    },
    {
      ...kind,
      metadata: { name: "system-node-critical" },
      value: 2_000_001_000,
      description: "Used for system critical pods that must not be moved from their current node.",
    },
  ];
}
