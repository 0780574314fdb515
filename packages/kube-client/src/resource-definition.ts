/**
 * Where a kind lives in the API.
 *
 * @public
 */
export interface ResourceDefinition {
  /** API group; `""` for the core group. */
  readonly group: string;
  readonly version: string;
  /** Path segment, lower case, plural. */
  readonly plural: string;
  readonly kind: string;
  /** False for cluster-scoped kinds. */
  readonly namespaced: boolean;
}

/** @public */
export const pods: ResourceDefinition = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };

/** @public */
export const namespaces: ResourceDefinition = {
  group: "",
  version: "v1",
  plural: "namespaces",
  kind: "Namespace",
  namespaced: false,
};

/** @public */
export const nodes: ResourceDefinition = { group: "", version: "v1", plural: "nodes", kind: "Node", namespaced: false };

/** @public */
export const replicaSets: ResourceDefinition = {
  group: "apps",
  version: "v1",
  plural: "replicasets",
  kind: "ReplicaSet",
  namespaced: true,
};

/** @public */
export const deployments: ResourceDefinition = {
  group: "apps",
  version: "v1",
  plural: "deployments",
  kind: "Deployment",
  namespaced: true,
};

/** @public */
export const containerProfiles: ResourceDefinition = {
  group: "spdx.softwarecomposition.kubescape.io",
  version: "v1beta1",
  plural: "containerprofiles",
  kind: "ContainerProfile",
  namespaced: true,
};

/** @public */
export const customResourceDefinitions: ResourceDefinition = {
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};
