import { findBindingProblems, findRoleProblems } from "../authorization/rbac-validation.ts";
import type { StatusCause } from "../refusals/api-refusal.ts";
import type { KubeObject } from "../resources/kube-object.ts";
import * as network from "./network-validation.ts";
import * as objects from "./object-validation.ts";
import { findPodUpdateProblems } from "./pod-update-validation.ts";
import { findNewPodProblems } from "./pod-validation.ts";
import { findServiceProblems } from "./service-validation.ts";
import * as volumes from "./volume-validation.ts";
import * as workloads from "./workload-validation.ts";

/** Validation needs nothing but the object and what is stored. */
type FindKindProblems = (
  object: KubeObject,
  current: KubeObject | undefined,
  subresource: string,
) => readonly StatusCause[];

/**
 * What the server validates of each built-in kind, by `VERSION KIND`. Only the writes of clients are validated, so it comes with the first request: 100 KB of source
 * that a simulator is ready without.
 */
export function kindValidation(): Readonly<Record<string, FindKindProblems>> {
  return {
    "v1 Pod": (object, current, subresource) =>
      current === undefined ? findNewPodProblems(object) : findPodUpdateProblems(object, current, subresource),
    "v1 Service": findServiceProblems,
    "rbac.authorization.k8s.io/v1 ClusterRole": findRoleProblems,
    "rbac.authorization.k8s.io/v1 ClusterRoleBinding": findBindingProblems,
    "rbac.authorization.k8s.io/v1 Role": findRoleProblems,
    "rbac.authorization.k8s.io/v1 RoleBinding": findBindingProblems,
    "v1 ConfigMap": objects.findConfigMapProblems,
    "v1 Secret": objects.findSecretProblems,
    "v1 Event": (object, current) => objects.findEventProblems(object, current, false),
    "events.k8s.io/v1 Event": (object, current) => objects.findEventProblems(object, current, true),
    "v1 LimitRange": objects.findLimitRangeProblems,
    "v1 ResourceQuota": objects.findResourceQuotaProblems,
    "v1 PersistentVolume": volumes.findVolumeProblems,
    "v1 PersistentVolumeClaim": volumes.findVolumeClaimProblems,
    "v1 ReplicationController": workloads.findReplicationControllerProblems,
    "apps/v1 Deployment": workloads.findDeploymentProblems,
    "apps/v1 ReplicaSet": workloads.findReplicaSetProblems,
    "apps/v1 StatefulSet": workloads.findStatefulSetProblems,
    "apps/v1 DaemonSet": workloads.findDaemonSetProblems,
    "apps/v1 ControllerRevision": objects.findRevisionProblems,
    "batch/v1 Job": workloads.findJobProblems,
    "batch/v1 CronJob": workloads.findCronJobProblems,
    "autoscaling/v2 HorizontalPodAutoscaler": workloads.findAutoscalerProblems,
    "autoscaling/v1 HorizontalPodAutoscaler": workloads.findAutoscalerProblems,
    "policy/v1 PodDisruptionBudget": workloads.findDisruptionBudgetProblems,
    "networking.k8s.io/v1 Ingress": network.findIngressProblems,
    "networking.k8s.io/v1 NetworkPolicy": network.findNetworkPolicyProblems,
    "networking.k8s.io/v1 IngressClass": network.findIngressClassProblems,
    "storage.k8s.io/v1 StorageClass": objects.findStorageClassProblems,
    "scheduling.k8s.io/v1 PriorityClass": objects.findPriorityClassProblems,
    "coordination.k8s.io/v1 Lease": objects.findLeaseProblems,
    "node.k8s.io/v1 RuntimeClass": objects.findRuntimeClassProblems,
    "discovery.k8s.io/v1 EndpointSlice": network.findEndpointSliceProblems,
    "certificates.k8s.io/v1 CertificateSigningRequest": objects.findSigningRequestProblems,
  };
}
