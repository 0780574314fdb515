import type { ServedResource } from "../resources/served-resource.ts";
import { bindingRules, roleRules } from "./rbac-rules.ts";

const row = { group: "rbac.authorization.k8s.io", version: "v1", nameRule: "segment" } as const;

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
      rules: roleRules,
    },
    {
      ...row,
      plural: "rolebindings",
      singular: "rolebinding",
      kind: "RoleBinding",
      namespaced: true,
      rules: bindingRules,
    },
    { ...row, plural: "roles", singular: "role", kind: "Role", namespaced: true, rules: roleRules },
  ];
}
