import type { DefaultRule, SimResource } from "./sim-resource.ts";

const CONTAINER_LISTS = ["containers[]", "initContainers[]", "ephemeralContainers[]"] as const;

const CONTAINER_DEFAULTS: readonly DefaultRule[] = [
  { path: "resources", value: {} },
  { path: "terminationMessagePath", value: "/dev/termination-log" },
  { path: "terminationMessagePolicy", value: "File" },
  { path: "imagePullPolicy", value: pullPolicyOf },
  { path: "ports[].protocol", value: "TCP" },
];

const POD_SPEC_DEFAULTS: readonly DefaultRule[] = [
  { path: "restartPolicy", value: "Always" },
  { path: "terminationGracePeriodSeconds", value: 30 },
  { path: "dnsPolicy", value: "ClusterFirst" },
  { path: "securityContext", value: {} },
  { path: "schedulerName", value: "default-scheduler" },
];

/** Images that may change under their name are pulled each time. */
function pullPolicyOf(container: Readonly<Record<string, unknown>>): string {
  const image = typeof container["image"] === "string" ? container["image"] : "";
  const last = image.slice(image.lastIndexOf("/") + 1);
  return last.includes("@") || (last.includes(":") && !last.endsWith(":latest")) ? "IfNotPresent" : "Always";
}

/** The rows of a pod specification, moved to where a kind keeps its pod specification. */
function podSpecDefaults(prefix: string): DefaultRule[] {
  const rules = POD_SPEC_DEFAULTS.map((rule) => ({ path: `${prefix}.${rule.path}`, value: rule.value }));
  for (const list of CONTAINER_LISTS) {
    for (const rule of CONTAINER_DEFAULTS) {
      rules.push({ path: `${prefix}.${list}.${rule.path}`, value: rule.value });
    }
  }
  return rules;
}

/**
 * The built-in kinds as data. Adding a kind is adding a row.
 *
 * @see Kubernetes API v1.36: names, scopes and strategies of the registry packages.
 */
export function builtInResources(): SimResource[] {
  return [
    {
      group: "",
      version: "v1",
      plural: "namespaces",
      singular: "namespace",
      kind: "Namespace",
      namespaced: false,
      shortNames: ["ns"],
      hasStatus: true,
      initialStatus: { phase: "Active" },
      nameRule: "label",
      fieldSelectors: { "status.phase": "" },
      defaults: [{ path: "spec.finalizers", value: ["kubernetes"] }],
      isEmptiedBeforeDeletion: true,
    },
    {
      group: "",
      version: "v1",
      plural: "nodes",
      singular: "node",
      kind: "Node",
      namespaced: false,
      shortNames: ["no"],
      hasStatus: true,
      fieldSelectors: { "spec.unschedulable": "false" },
    },
    {
      group: "",
      version: "v1",
      plural: "pods",
      singular: "pod",
      kind: "Pod",
      namespaced: true,
      shortNames: ["po"],
      categories: ["all"],
      hasStatus: true,
      hasGeneration: true,
      initialStatus: { phase: "Pending", qosClass: "BestEffort" },
      fieldSelectors: {
        "spec.nodeName": "",
        "spec.restartPolicy": "",
        "spec.schedulerName": "",
        "spec.serviceAccountName": "",
        "spec.hostNetwork": "false",
        "status.phase": "",
        "status.podIP": "",
        "status.nominatedNodeName": "",
      },
      defaults: [
        ...podSpecDefaults("spec"),
        { path: "spec.enableServiceLinks", value: true },
        { path: "spec.serviceAccountName", value: "default" },
        { path: "spec.serviceAccount", value: "default" },
        { path: "spec.priority", value: 0 },
        { path: "spec.preemptionPolicy", value: "PreemptLowerPriority" },
      ],
      isDeletedGracefully: true,
      returnsDeletedObject: true,
    },
    {
      group: "",
      version: "v1",
      plural: "configmaps",
      singular: "configmap",
      kind: "ConfigMap",
      namespaced: true,
      shortNames: ["cm"],
      listsSupportedFields: true,
    },
    {
      group: "",
      version: "v1",
      plural: "secrets",
      singular: "secret",
      kind: "Secret",
      namespaced: true,
      fieldSelectors: { type: "" },
      defaults: [{ path: "type", value: "Opaque" }],
    },
    {
      group: "",
      version: "v1",
      plural: "events",
      singular: "event",
      kind: "Event",
      namespaced: true,
      shortNames: ["ev"],
      fieldSelectors: {
        "involvedObject.kind": "",
        "involvedObject.namespace": "",
        "involvedObject.name": "",
        "involvedObject.uid": "",
        "involvedObject.apiVersion": "",
        "involvedObject.resourceVersion": "",
        "involvedObject.fieldPath": "",
        reason: "",
        reportingComponent: "",
        source: "",
        type: "",
      },
      createsOnUpdate: true,
    },
    {
      group: "apps",
      version: "v1",
      plural: "deployments",
      singular: "deployment",
      kind: "Deployment",
      namespaced: true,
      shortNames: ["deploy"],
      categories: ["all"],
      hasStatus: true,
      hasGeneration: true,
      countsAnnotations: true,
      initialStatus: {},
      listsSupportedFields: true,
      defaults: [
        { path: "spec.replicas", value: 1 },
        ...podSpecDefaults("spec.template.spec"),
        {
          path: "spec.strategy",
          value: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
        },
        { path: "spec.revisionHistoryLimit", value: 10 },
        { path: "spec.progressDeadlineSeconds", value: 600 },
      ],
    },
    {
      group: "apps",
      version: "v1",
      plural: "replicasets",
      singular: "replicaset",
      kind: "ReplicaSet",
      namespaced: true,
      shortNames: ["rs"],
      categories: ["all"],
      hasStatus: true,
      hasGeneration: true,
      initialStatus: { replicas: 0 },
      fieldSelectors: { "status.replicas": "0" },
      defaults: [{ path: "spec.replicas", value: 1 }, ...podSpecDefaults("spec.template.spec")],
    },
    {
      group: "coordination.k8s.io",
      version: "v1",
      plural: "leases",
      singular: "lease",
      kind: "Lease",
      namespaced: true,
      listsSupportedFields: true,
      requiresVersionOnUpdate: true,
      createsOnUpdate: true,
    },
    {
      group: "apiextensions.k8s.io",
      version: "v1",
      plural: "customresourcedefinitions",
      singular: "customresourcedefinition",
      kind: "CustomResourceDefinition",
      namespaced: false,
      shortNames: ["crd", "crds"],
      categories: ["api-extensions"],
      hasStatus: true,
      hasGeneration: true,
      initialStatus: { conditions: null, acceptedNames: { plural: "", kind: "" } },
      listsSupportedFields: true,
      requiresVersionOnUpdate: true,
      isEmptiedBeforeDeletion: true,
      deletionFinalizer: "customresourcecleanup.apiextensions.k8s.io",
      defaults: [{ path: "spec.conversion", value: { strategy: "None" } }],
    },
  ];
}
