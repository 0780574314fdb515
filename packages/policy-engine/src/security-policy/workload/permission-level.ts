import type { PermissionLevel } from "../evaluation/evaluation-subject.ts";
import { objectIn, objectsIn, textIn, textsIn, type LooseObject } from "./json-reading.ts";
import type { Workload } from "./workload.ts";

/** What the rules of one role amount to. */
type RoleReach = "nothing" | "reading" | "elevated" | "everything";

/**
 * What the service account of a workload may do, read from RBAC objects:
 *
 * - `CLUSTER_ADMIN`: every verb on every resource of every group, in the whole cluster
 * - `ELEVATED_CLUSTER_WIDE`, `ELEVATED_IN_NAMESPACE`: it may change something, or read Secrets, in the whole cluster or somewhere
 * - `DEFAULT`: some role is bound to it, and none is more than reading · `NONE`: none is
 *
 * Bindings count when they name the account, the user it is, or a group it is in. A role that does not exist grants nothing.
 * Cost: linear in the objects; ask once per account and keep the answer.
 *
 * @param objects - Roles, ClusterRoles, RoleBindings and ClusterRoleBindings, parsed; others are left alone. Never throws.
 *
 * @public
 */
export function readPermissionLevel(workload: Workload, objects: readonly unknown[]): PermissionLevel {
  const roles = new Map<string, LooseObject>();
  const bindings: LooseObject[] = [];
  for (const entry of objects) {
    const object = objectIn(entry);
    const kind = textIn(object["kind"]);
    if (kind === "RoleBinding" || kind === "ClusterRoleBinding") bindings.push(object);
    else if (kind === "Role" || kind === "ClusterRole") roles.set(keyOf(kind, object), object);
  }
  let level: PermissionLevel = "NONE";
  for (const binding of bindings) {
    if (!objectsIn(binding["subjects"]).some((subject) => isAccount(subject, workload))) continue;
    const found = levelOf(binding, roles);
    if (ranks.indexOf(found) > ranks.indexOf(level)) level = found;
  }
  return level;
}

const ranks: readonly PermissionLevel[] = [
  "NONE",
  "DEFAULT",
  "ELEVATED_IN_NAMESPACE",
  "ELEVATED_CLUSTER_WIDE",
  "CLUSTER_ADMIN",
];

function keyOf(kind: string, object: LooseObject): string {
  const metadata = objectIn(object["metadata"]);
  return kind === "Role" ? `${textIn(metadata["namespace"])}/${textIn(metadata["name"])}` : textIn(metadata["name"]);
}

function isAccount(subject: LooseObject, workload: Workload): boolean {
  const name = textIn(subject["name"]);
  const { namespace, serviceAccount } = workload;
  switch (subject["kind"]) {
    case "ServiceAccount":
      return name === serviceAccount && textIn(subject["namespace"]) === namespace;
    case "User":
      return name === `system:serviceaccount:${namespace}:${serviceAccount}`;
    case "Group":
      return (
        name === "system:authenticated" ||
        name === "system:serviceaccounts" ||
        name === `system:serviceaccounts:${namespace}`
      );
    default:
      return false;
  }
}

function levelOf(binding: LooseObject, roles: ReadonlyMap<string, LooseObject>): PermissionLevel {
  const reference = objectIn(binding["roleRef"]);
  const name = textIn(reference["name"]);
  const isClusterWide = binding["kind"] === "ClusterRoleBinding";
  const namespace = textIn(objectIn(binding["metadata"])["namespace"]);
  const role = roles.get(reference["kind"] === "Role" ? `${namespace}/${name}` : name);
  const reach = role === undefined ? "nothing" : reachOf(role);
  if (reach === "nothing") return "NONE";
  if (reach === "reading") return "DEFAULT";
  if (!isClusterWide) return "ELEVATED_IN_NAMESPACE";
  return reach === "everything" ? "CLUSTER_ADMIN" : "ELEVATED_CLUSTER_WIDE";
}

function reachOf(role: LooseObject): RoleReach {
  let reach: RoleReach = "nothing";
  for (const rule of objectsIn(role["rules"])) {
    const verbs = textsIn(rule["verbs"]);
    const resources = textsIn(rule["resources"]);
    const groups = textsIn(rule["apiGroups"]);
    if (verbs.includes("*") && resources.includes("*") && groups.includes("*")) return "everything";
    if (verbs.length === 0) continue;
    if (resources.length > 0 && isElevated(verbs, resources, groups)) reach = "elevated";
    else if (reach === "nothing") reach = "reading";
  }
  return reach;
}

function isElevated(verbs: readonly string[], resources: readonly string[], groups: readonly string[]): boolean {
  // Whatever is not reading changes something, or lets one act as somebody else.
  if (verbs.some((verb) => verb !== "get" && verb !== "list" && verb !== "watch")) return true;
  const isCore = groups.includes("") || groups.includes("*");
  return isCore && (resources.includes("secrets") || resources.includes("*"));
}
