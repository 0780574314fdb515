import { isJsonRecord, recordsIn, type KubeObject } from "../resources/kube-object.ts";
import type { KindRules } from "../resources/kind-rules.ts";
import type { ServedResource } from "../resources/served-resource.ts";

const RBAC_GROUP = "rbac.authorization.k8s.io";
const row = { group: RBAC_GROUP, version: "v1", nameRule: "segment" } as const;

/** Roles and bindings, as data. */
export function rbacResources(): ServedResource[] {
  return [
    {
      ...row,
      plural: "clusterrolebindings",
      singular: "clusterrolebinding",
      kind: "ClusterRoleBinding",
      namespaced: false,
      rules: bindingRules,
    },
    {
      ...row,
      plural: "clusterroles",
      singular: "clusterrole",
      kind: "ClusterRole",
      namespaced: false,
    },
    {
      ...row,
      plural: "rolebindings",
      singular: "rolebinding",
      kind: "RoleBinding",
      namespaced: true,
      rules: bindingRules,
    },
    { ...row, plural: "roles", singular: "role", kind: "Role", namespaced: true },
  ];
}

function bindingRules(): KindRules {
  return { default: defaultBinding };
}

function defaultBinding(binding: KubeObject): void {
  if (isJsonRecord(binding["roleRef"])) binding["roleRef"]["apiGroup"] ||= RBAC_GROUP;
  for (const subject of recordsIn(binding["subjects"])) {
    if (subject["kind"] === "User" || subject["kind"] === "Group") subject["apiGroup"] ||= RBAC_GROUP;
  }
}
