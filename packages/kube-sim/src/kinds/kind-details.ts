import type { KindRules } from "../resources/kind-rules.ts";
import { isJsonRecord, type JsonRecord, type KubeObject } from "../resources/kube-object.ts";
import type { ServedResource } from "../resources/served-resource.ts";
import { identifyJob } from "./job-identity.ts";
import { ensureRecord, recordsAt, specOf } from "./json-access.ts";
import { namespaceRules } from "./namespace-rules.ts";
import { podRules } from "./pod-rules.ts";
import { scaleSubresource } from "./scale-view.ts";
import { approvalSubresource, dateSigningConditions } from "./signing-request-approval.ts";
import { serviceRules } from "./service-rules.ts";
import { autoscalerStorage, eventStorage } from "./stored-forms.ts";
import * as defaults from "./core-defaults.ts";
import * as workloadDefaults from "./workload-defaults.ts";

type Details = Partial<ServedResource>;

/** Names that may be anything a path can hold. */
const SEGMENT: Details = { nameRule: "segment" };
const INVOLVED = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"] as const;

function rules(made: KindRules): Details {
  return { rules: () => made };
}

function fields(...paths: readonly string[]): Details {
  return { fieldSelectors: Object.fromEntries(paths.map((path) => [path, ""])), listsSupportedFields: false };
}

function scale(group: string, plural: string, kind: string): Details {
  return { subresources: { scale: scaleSubresource({ group, plural, kind }) } };
}

/** The status a new object starts with, whatever the client sent. */
function status(initialStatus: JsonRecord): Details {
  return { initialStatus };
}

/**
 * What is particular about each kind, by `VERSION KIND`: defaults, first status, selectable fields, sub-resources. Its validation is in kind-validation.ts; what only
 * answers requests in requests/register-request-handlers.ts.
 */
export function kindDetails(): Readonly<Record<string, Details>> {
  return { ...coreDetails(), ...workloadDetails(), ...otherDetails() };
}

function coreDetails(): Record<string, Details> {
  return {
    "v1 Secret": {
      ...fields("type"),
      ...rules({ default: defaults.defaultSecret }),
    },
    "v1 Namespace": {
      ...fields("status.phase"),
      ...rules(namespaceRules()),
      nameRule: "label",
      isEmptiedBeforeDeletion: true,
      subresources: { finalize: { verbs: ["update"], merge: finalizeNamespace } },
    },
    "v1 Node": {
      fieldSelectors: { "spec.unschedulable": "false" },
      listsSupportedFields: false,
      ...rules({
        default: defaults.defaultNode,
        admit: (object, attempt) => {
          if (attempt.operation === "CREATE") taintNewNode(object);
        },
      }),
    },
    "v1 Pod": {
      fieldSelectors: {
        "spec.nodeName": "",
        "spec.restartPolicy": "",
        "spec.schedulerName": "",
        "spec.serviceAccountName": "",
        "spec.hostNetwork": "false",
        "status.phase": "",
        "status.podIP": "",
        "status.podIPs": "",
        "status.nominatedNodeName": "",
      },
      listsSupportedFields: false,
      isDeletedGracefully: true,
      rules: podRules,
    },
    "v1 Event": {
      ...fields(
        ...INVOLVED.map((field) => `involvedObject.${field}`),
        "reason",
        "reportingComponent",
        "source",
        "type",
      ),
      ...SEGMENT,
      defaultPropagation: "none",
    },
    "events.k8s.io/v1 Event": {
      ...fields(...INVOLVED.map((field) => `regarding.${field}`), "reason", "reportingController", "type"),
      defaultPropagation: "none",
      storage: eventStorage(),
    },
    "v1 Service": {
      ...fields("spec.clusterIP", "spec.type"),
      nameRule: "label",
      rules: once(serviceRules),
    },
    "v1 ComponentStatus": { deprecationWarning: "v1 ComponentStatus is deprecated in v1.19+" },
    "v1 Endpoints": {
      deprecationWarning: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
      ...rules({ default: defaults.defaultEndpoints }),
    },
    "v1 LimitRange": rules({ default: defaults.defaultLimitRange }),
    "v1 ResourceQuota": status({}),
    "v1 PersistentVolume": rules({
      default: defaults.defaultPersistentVolume,
      admit: (object, attempt) => {
        if (attempt.operation === "CREATE") protect(object, "kubernetes.io/pv-protection");
      },
      prepareForCreate: (object, context) => {
        const now = new Date(context.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
        object.status = { phase: "Pending", lastPhaseTransitionTime: now };
      },
      prepareForUpdate: (next, current, subresource, context) => {
        if (subresource !== "status") return;
        const own = ensureRecord(next, "status");
        const old = isJsonRecord(current.status) ? current.status : {};
        if (own["phase"] !== old["phase"] && own["lastPhaseTransitionTime"] === old["lastPhaseTransitionTime"]) {
          own["lastPhaseTransitionTime"] = new Date(context.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
        }
      },
    }),
    "v1 PersistentVolumeClaim": {
      ...status({ phase: "Pending" }),
      ...rules({
        default: defaults.defaultPersistentVolumeClaim,
        admit: (object, attempt, context) => {
          if (attempt.operation !== "CREATE") return;
          protect(object, "kubernetes.io/pvc-protection");
          const spec = specOf(object);
          if (spec["storageClassName"] !== undefined) return;
          const classes = [...context.store.table("storageclasses.storage.k8s.io").values()].filter(
            (candidate) => candidate.metadata.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true",
          );
          const newest = classes.sort((a, b) =>
            a.metadata.creationTimestamp < b.metadata.creationTimestamp ? 1 : -1,
          )[0];
          if (newest !== undefined) spec["storageClassName"] = newest.metadata.name;
        },
      }),
    },
    "v1 PodTemplate": rules({
      default: (object) => void workloadDefaults.defaultTemplate(object),
      specificationOf: (object) => object["template"],
    }),
    "v1 ReplicationController": {
      ...fields("status.replicas"),
      fieldSelectors: { "status.replicas": "0" },
      ...status({ replicas: 0 }),
      ...scale("", "replicationcontrollers", "ReplicationController"),
      defaultPropagation: "orphan",
      ...rules({
        default: workloadDefaults.defaultReplicationController,
      }),
    },
  };
}

function workloadDetails(): Record<string, Details> {
  return {
    "apps/v1 Deployment": {
      ...status({}),
      ...scale("apps", "deployments", "Deployment"),
      countsAnnotations: true,
      ...rules({
        default: workloadDefaults.defaultDeployment,
        prepareForUpdate: (next, current, subresource) => {
          if (subresource !== "status") return;
          if (current.metadata.labels === undefined) delete next.metadata.labels;
          else next.metadata.labels = { ...current.metadata.labels };
        },
      }),
    },
    "apps/v1 ReplicaSet": {
      ...status({ replicas: 0 }),
      ...scale("apps", "replicasets", "ReplicaSet"),
      ...rules({ default: workloadDefaults.defaultReplicaSet }),
    },
    "apps/v1 StatefulSet": {
      ...status({ replicas: 0, availableReplicas: 0 }),
      ...scale("apps", "statefulsets", "StatefulSet"),
      ...rules({ default: workloadDefaults.defaultStatefulSet }),
    },
    "apps/v1 DaemonSet": {
      ...status({ currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 }),
      ...rules({
        default: workloadDefaults.defaultDaemonSet,
        prepareForCreate: (object) => setTemplateGeneration(object, "1"),
        prepareForUpdate: (next, current, subresource) => {
          if (subresource !== "") return;
          const old = current.metadata.annotations?.[TEMPLATE_GENERATION] ?? "1";
          const isSame = JSON.stringify(specOf(next)["template"]) === JSON.stringify(specOf(current)["template"]);
          setTemplateGeneration(next, isSame ? old : String(Number(old) + 1));
        },
      }),
    },
    "batch/v1 Job": {
      fieldSelectors: { "status.successful": "" },
      ...status({}),
      defaultPropagation: "orphan",
      ...rules({
        default: workloadDefaults.defaultJob,
        prepareForCreate: identifyJob,
        admitDelete: (_attempt, options, context) => {
          if (options.propagationPolicy === undefined) context.warn(JOB_WARNING);
        },
      }),
    },
    "batch/v1 CronJob": {
      ...status({}),
      ...rules({ default: workloadDefaults.defaultCronJob }),
    },
    "autoscaling/v2 HorizontalPodAutoscaler": {
      ...status({ desiredReplicas: 0, currentMetrics: null }),
      ...rules({ default: defaults.defaultAutoscaler }),
    },
    "autoscaling/v1 HorizontalPodAutoscaler": {
      ...status({ desiredReplicas: 0, currentMetrics: null }),
      storage: autoscalerStorage(),
      ...rules({ prepareForCreate: defaults.defaultAutoscaler }),
    },
    "policy/v1 PodDisruptionBudget": {
      ...status({ disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }),
    },
  };
}

function otherDetails(): Record<string, Details> {
  return {
    "networking.k8s.io/v1 Ingress": {
      ...status({ loadBalancer: {} }),
    },
    "networking.k8s.io/v1 NetworkPolicy": rules({
      default: defaults.defaultNetworkPolicy,
    }),
    "networking.k8s.io/v1 IngressClass": rules({
      default: defaults.defaultIngressClass,
    }),
    "networking.k8s.io/v1 ServiceCIDR": { ...status({}), keepsMetadataOnStatus: true },
    "storage.k8s.io/v1 StorageClass": rules({
      default: defaults.defaultStorageClass,
    }),
    "storage.k8s.io/v1 CSIDriver": rules({ default: defaults.defaultCsiDriver }),
    "storage.k8s.io/v1 VolumeAttachment": { ...status({ attached: false }), keepsMetadataOnStatus: true },
    "scheduling.k8s.io/v1 PriorityClass": rules({
      default: defaults.defaultPriorityClass,
      specificationOf: () => undefined,
    }),
    "discovery.k8s.io/v1 EndpointSlice": rules({
      default: defaults.defaultEndpointSlice,
      specificationOf: (object) => [
        object["endpoints"],
        object["ports"],
        object["addressType"],
        object.metadata.labels,
      ],
    }),
    "certificates.k8s.io/v1 CertificateSigningRequest": {
      ...fields("spec.signerName"),
      ...status({}),
      keepsMetadataOnStatus: true,
      subresources: { approval: approvalSubresource() },
      ...rules({
        prepareForUpdate: dateSigningConditions,
        admit: (object, attempt) => {
          if (attempt.operation === "CREATE") nameRequester(object, attempt.user);
        },
      }),
    },
    "rbac.authorization.k8s.io/v1 ClusterRole": SEGMENT,
    "rbac.authorization.k8s.io/v1 ClusterRoleBinding": SEGMENT,
    "rbac.authorization.k8s.io/v1 Role": SEGMENT,
    "rbac.authorization.k8s.io/v1 RoleBinding": SEGMENT,
    "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy": {
      ...status({}),
      ...rules({ default: defaults.defaultAdmissionPolicy }),
    },
    "admissionregistration.k8s.io/v1 MutatingAdmissionPolicy": rules({ default: defaults.defaultAdmissionPolicy }),
    "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding": rules({
      default: defaults.defaultAdmissionPolicyBinding,
    }),
    "admissionregistration.k8s.io/v1 MutatingAdmissionPolicyBinding": rules({
      default: defaults.defaultAdmissionPolicyBinding,
    }),
    "flowcontrol.apiserver.k8s.io/v1 FlowSchema": {
      ...status({}),
      keepsMetadataOnStatus: true,
      ...rules({ default: defaults.defaultFlowSchema }),
    },
    "flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration": {
      ...status({}),
      keepsMetadataOnStatus: true,
      ...rules({ default: defaults.defaultPriorityLevel }),
    },
    "resource.k8s.io/v1 ResourceClaim": {
      ...status({}),
      ...rules({ default: (object) => defaults.defaultDeviceRequests(specOf(object)) }),
    },
    "resource.k8s.io/v1 ResourceClaimTemplate": rules({
      default: (object) => defaults.defaultDeviceRequests(ensureRecord(specOf(object), "spec")),
    }),
    "storage.k8s.io/v1 VolumeAttributesClass": rules({
      admit: (object, attempt) => {
        if (attempt.operation === "CREATE") protect(object, "kubernetes.io/vac-protection");
      },
    }),
    "apiregistration.k8s.io/v1 APIService": { ...status({}), keepsMetadataOnStatus: true },
    "apiextensions.k8s.io/v1 CustomResourceDefinition": {
      initialStatus: { conditions: null, acceptedNames: { plural: "", kind: "" } },
      isEmptiedBeforeDeletion: true,
      deletionFinalizer: "customresourcecleanup.apiextensions.k8s.io",
      keepsMetadataOnStatus: true,
      defaults: [{ path: "spec.conversion", value: { strategy: "None" } }],
    },
  };
}

const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";
const JOB_WARNING =
  "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set " +
  "propagationPolicy=Orphan to suppress this warning";

function once(make: () => KindRules): () => KindRules {
  let made: KindRules | undefined;
  return () => (made ??= make());
}

function setTemplateGeneration(object: KubeObject, generation: string): void {
  object.metadata.annotations = { ...object.metadata.annotations, [TEMPLATE_GENERATION]: generation };
}

function finalizeNamespace(current: KubeObject, wanted: KubeObject): KubeObject {
  const next = structuredClone(current);
  next.spec = { ...(isJsonRecord(next.spec) ? next.spec : {}), finalizers: specOf(wanted)["finalizers"] };
  return next;
}

/** A volume in use is not to disappear under its users: a finalizer holds it. */
function protect(object: KubeObject, finalizer: string): void {
  const { metadata } = object;
  if (metadata.finalizers?.includes(finalizer) !== true)
    metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
}

/** Nothing is scheduled on a node before it has said that it is ready. */
function taintNewNode(object: KubeObject): void {
  const spec = specOf(object);
  const taints = recordsAt(spec, "taints");
  const key = "node.kubernetes.io/not-ready";
  if (taints.some((taint) => taint["key"] === key && taint["effect"] === "NoSchedule")) return;
  spec["taints"] = [...taints, { key, effect: "NoSchedule" }];
}

function nameRequester(
  object: KubeObject,
  user: { readonly name: string; readonly uid?: string; readonly groups?: readonly string[] } | undefined,
): void {
  const spec = specOf(object);
  for (const field of ["username", "uid", "groups", "extra"]) delete spec[field];
  if (user === undefined) return;
  spec["username"] = user.name;
  if ((user.uid ?? "") !== "") spec["uid"] = user.uid;
  if ((user.groups ?? []).length > 0) spec["groups"] = [...(user.groups ?? [])];
}
