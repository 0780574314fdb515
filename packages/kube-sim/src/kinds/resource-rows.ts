import { apiVersionOf } from "../resources/sim-resource.ts";
import type { ServedResource } from "../resources/served-resource.ts";
import { kindDetails } from "./kind-details.ts";

/** Verbs of a kind that is stored. */
const ALL = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"] as const;

/**
 * One resource: plural, kind, scope (`N`amespaced or `C`luster), short names, flags. Flags: `all` and `api-extensions` are
 * categories, `status` is the sub-resource, `generation` counts changes, `version` asks for a resourceVersion on PUT, `upsert`
 * lets PUT create, `returned` answers DELETE with the object.
 */
type Row = readonly [plural: string, kind: string, scope: "N" | "C", shortNames?: string, flags?: string];

/** The built-in kinds in the order of discovery: group and version, then its rows. */
const GROUPS: readonly (readonly [group: string, version: string, rows: readonly Row[]])[] = [
  [
    "",
    "v1",
    [
      ["bindings", "Binding", "N", "", "createOnly"],
      ["componentstatuses", "ComponentStatus", "C", "cs", "readOnly"],
      ["configmaps", "ConfigMap", "N", "cm"],
      ["endpoints", "Endpoints", "N", "ep", "upsert"],
      ["events", "Event", "N", "ev", "upsert"],
      ["limitranges", "LimitRange", "N", "limits", "upsert"],
      ["namespaces", "Namespace", "C", "ns", "status returned"],
      ["nodes", "Node", "C", "no", "status"],
      ["persistentvolumeclaims", "PersistentVolumeClaim", "N", "pvc", "status returned"],
      ["persistentvolumes", "PersistentVolume", "C", "pv", "status returned"],
      ["pods", "Pod", "N", "po", "all status generation returned"],
      ["podtemplates", "PodTemplate", "N", "", "generation returned"],
      ["replicationcontrollers", "ReplicationController", "N", "rc", "all status generation"],
      ["resourcequotas", "ResourceQuota", "N", "quota", "status returned"],
      ["secrets", "Secret", "N"],
      ["serviceaccounts", "ServiceAccount", "N", "sa", "returned"],
      ["services", "Service", "N", "svc", "all status upsert returned"],
    ],
  ],
  ["apiregistration.k8s.io", "v1", [["apiservices", "APIService", "C", "", "api-extensions status version"]]],
  [
    "apps",
    "v1",
    [
      ["controllerrevisions", "ControllerRevision", "N"],
      ["daemonsets", "DaemonSet", "N", "ds", "all status generation"],
      ["deployments", "Deployment", "N", "deploy", "all status generation"],
      ["replicasets", "ReplicaSet", "N", "rs", "all status generation"],
      ["statefulsets", "StatefulSet", "N", "sts", "all status generation"],
    ],
  ],
  ["events.k8s.io", "v1", [["events", "Event", "N", "ev", "upsert"]]],
  [
    "authentication.k8s.io",
    "v1",
    [
      ["selfsubjectreviews", "SelfSubjectReview", "C", "", "createOnly"],
      ["tokenreviews", "TokenReview", "C", "", "createOnly"],
    ],
  ],
  [
    "authorization.k8s.io",
    "v1",
    [
      ["localsubjectaccessreviews", "LocalSubjectAccessReview", "N", "", "createOnly"],
      ["selfsubjectaccessreviews", "SelfSubjectAccessReview", "C", "", "createOnly"],
      ["selfsubjectrulesreviews", "SelfSubjectRulesReview", "C", "", "createOnly"],
      ["subjectaccessreviews", "SubjectAccessReview", "C", "", "createOnly"],
    ],
  ],
  ["autoscaling", "v2", [["horizontalpodautoscalers", "HorizontalPodAutoscaler", "N", "hpa", "all status"]]],
  ["autoscaling", "v1", [["horizontalpodautoscalers", "HorizontalPodAutoscaler", "N", "hpa", "all status"]]],
  [
    "batch",
    "v1",
    [
      ["cronjobs", "CronJob", "N", "cj", "all status generation"],
      ["jobs", "Job", "N", "", "all status generation"],
    ],
  ],
  ["certificates.k8s.io", "v1", [["certificatesigningrequests", "CertificateSigningRequest", "C", "csr", "status"]]],
  [
    "networking.k8s.io",
    "v1",
    [
      ["ingressclasses", "IngressClass", "C", "", "generation"],
      ["ingresses", "Ingress", "N", "ing", "status generation"],
      ["ipaddresses", "IPAddress", "C", "ip"],
      ["networkpolicies", "NetworkPolicy", "N", "netpol", "generation"],
      ["servicecidrs", "ServiceCIDR", "C", "", "status"],
    ],
  ],
  ["policy", "v1", [["poddisruptionbudgets", "PodDisruptionBudget", "N", "pdb", "status generation version"]]],
  [
    "rbac.authorization.k8s.io",
    "v1",
    [
      ["clusterrolebindings", "ClusterRoleBinding", "C", "", "upsert"],
      ["clusterroles", "ClusterRole", "C", "", "upsert"],
      ["rolebindings", "RoleBinding", "N", "", "upsert"],
      ["roles", "Role", "N", "", "upsert"],
    ],
  ],
  [
    "storage.k8s.io",
    "v1",
    [
      ["csidrivers", "CSIDriver", "C", "", "version returned"],
      ["csinodes", "CSINode", "C", "", "version returned"],
      ["csistoragecapacities", "CSIStorageCapacity", "N", "", "version"],
      ["storageclasses", "StorageClass", "C", "sc", "returned"],
      ["volumeattachments", "VolumeAttachment", "C", "", "status version returned"],
      ["volumeattributesclasses", "VolumeAttributesClass", "C", "vac", "returned"],
    ],
  ],
  [
    "admissionregistration.k8s.io",
    "v1",
    [
      ["mutatingadmissionpolicies", "MutatingAdmissionPolicy", "C", "", "api-extensions generation version"],
      [
        "mutatingadmissionpolicybindings",
        "MutatingAdmissionPolicyBinding",
        "C",
        "",
        "api-extensions generation version",
      ],
      ["mutatingwebhookconfigurations", "MutatingWebhookConfiguration", "C", "", "api-extensions generation version"],
      ["validatingadmissionpolicies", "ValidatingAdmissionPolicy", "C", "", "api-extensions status generation version"],
      [
        "validatingadmissionpolicybindings",
        "ValidatingAdmissionPolicyBinding",
        "C",
        "",
        "api-extensions generation version",
      ],
      [
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        "C",
        "",
        "api-extensions generation version",
      ],
    ],
  ],
  [
    "apiextensions.k8s.io",
    "v1",
    [
      [
        "customresourcedefinitions",
        "CustomResourceDefinition",
        "C",
        "crd,crds",
        "api-extensions status generation version",
      ],
    ],
  ],
  ["scheduling.k8s.io", "v1", [["priorityclasses", "PriorityClass", "C", "pc", "generation"]]],
  ["coordination.k8s.io", "v1", [["leases", "Lease", "N", "", "version upsert"]]],
  ["node.k8s.io", "v1", [["runtimeclasses", "RuntimeClass", "C", "", "version upsert"]]],
  ["discovery.k8s.io", "v1", [["endpointslices", "EndpointSlice", "N", "", "generation"]]],
  [
    "resource.k8s.io",
    "v1",
    [
      ["deviceclasses", "DeviceClass", "C", "", "generation returned"],
      ["resourceclaims", "ResourceClaim", "N", "", "status returned"],
      ["resourceclaimtemplates", "ResourceClaimTemplate", "N", "", "returned"],
      ["resourceslices", "ResourceSlice", "C", "", "generation returned"],
    ],
  ],
  [
    "flowcontrol.apiserver.k8s.io",
    "v1",
    [
      ["flowschemas", "FlowSchema", "C", "", "status generation"],
      ["prioritylevelconfigurations", "PriorityLevelConfiguration", "C", "", "status generation"],
    ],
  ],
];

/**
 * The built-in kinds: names, scopes and verbs from the rows, their own logic from {@link kindDetails}. Adding a kind is adding a row.
 *
 * @see Kubernetes API v1.36: discovery of a server without feature gates, and the strategies of its registry packages.
 */
export function builtInResources(): ServedResource[] {
  const details = kindDetails();
  return GROUPS.flatMap(([group, version, rows]) =>
    rows.map((row) => {
      const resource = resourceOf(group, version, row);
      return { ...resource, ...details[`${apiVersionOf(resource)} ${resource.kind}`] };
    }),
  );
}

function resourceOf(group: string, version: string, row: Row): ServedResource {
  const [plural, kind, scope, shortNames = "", flagText = ""] = row;
  const flags = flagText.split(" ");
  const has = (flag: string): boolean => flags.includes(flag);
  const categories = ["all", "api-extensions"].filter(has);
  return {
    group,
    version,
    plural,
    singular: kind.toLowerCase(),
    kind,
    namespaced: scope === "N",
    verbs: verbsOf(plural, flags),
    listsSupportedFields: true,
    ...(shortNames === "" ? {} : { shortNames: shortNames.split(",") }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(has("status") ? { hasStatus: true } : {}),
    ...(has("generation") ? { hasGeneration: true } : {}),
    ...(has("version") ? { requiresVersionOnUpdate: true } : {}),
    ...(has("upsert") ? { createsOnUpdate: true } : {}),
    ...(has("returned") ? { returnsDeletedObject: true } : {}),
  };
}

function verbsOf(plural: string, flags: readonly string[]): readonly string[] {
  if (flags.includes("createOnly")) return ["create"];
  if (flags.includes("readOnly")) return ["get", "list"];
  // Namespaces are not deleted by collection.
  return plural === "namespaces" ? ALL.filter((verb) => verb !== "deletecollection") : ALL;
}
