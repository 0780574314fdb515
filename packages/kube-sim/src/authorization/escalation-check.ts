import { isDeepStrictEqual } from "node:util";
import { badRequest, forbidden, notFound } from "../refusals/refusals.ts";
import { isJsonRecord, readPath, type KubeObject } from "../resources/kube-object.ts";
import type { WriteAttempt } from "../writing/write-pipeline.ts";
import type { AccessControl } from "./access-control.ts";
import { describeRules, findMissingRules, quoteList, readRules, type PolicyRule } from "./policy-rule.ts";
import { readRoleReference, type RbacAuthorizer } from "./rbac-authorizer.ts";
import { PRIVILEGED_GROUP, type UserInfo } from "./user-info.ts";

const RBAC_GROUP = "rbac.authorization.k8s.io";

const everything: readonly PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"], resourceNames: [], nonResourceURLs: [] },
  { verbs: ["*"], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: ["*"] },
];

/**
 * Nobody grants what he does not have: a role is written, or bound, only by who has all its rights already or may explicitly
 * `escalate` or `bind` it. Writes of other kinds pass.
 *
 * @throws ApiRefusal 403; 404 when a binding refers to a role that does not exist.
 * @see k8s.io/kubernetes v1.36.3 pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased
 */
export function checkEscalation(access: AccessControl, attempt: WriteAttempt): void {
  const { user, resource, object, oldObject } = attempt;
  const { rbac } = access;
  if (rbac === undefined || user === undefined || object === undefined) return;
  if (resource.group !== RBAC_GROUP || attempt.subresource !== "") return;
  if (attempt.operation !== "CREATE" && attempt.operation !== "UPDATE") return;
  if (user.groups.includes(PRIVILEGED_GROUP)) return;
  if (oldObject !== undefined && isSameGrant(object, oldObject)) return;
  if (resource.plural === "roles" || resource.plural === "clusterroles") {
    checkRole(access, rbac, user, attempt, object);
  } else {
    checkBinding(access, rbac, user, attempt, object);
  }
}

function checkRole(
  access: AccessControl,
  rbac: RbacAuthorizer,
  user: UserInfo,
  attempt: WriteAttempt,
  role: KubeObject,
): void {
  const { resource, namespace } = attempt;
  const name = attempt.oldObject === undefined ? "" : attempt.name;
  const wish = {
    isResource: true,
    verb: "escalate",
    group: RBAC_GROUP,
    resource: resource.plural,
    subresource: "",
  } as const;
  if (access.authorize(user, { ...wish, namespace, name }).allowed) return;
  const problem = findEscalation(rbac, user, namespace, readRules(role));
  if (problem !== undefined) throw forbidden(resource, role.metadata.name, problem);
  if (!isAggregated(role) && !isAggregated(attempt.oldObject)) return;
  if (findEscalation(rbac, user, namespace, everything) === undefined) return;
  throw forbidden(resource, role.metadata.name, "must have cluster-admin privileges to use the aggregationRule");
}

function checkBinding(
  access: AccessControl,
  rbac: RbacAuthorizer,
  user: UserInfo,
  attempt: WriteAttempt,
  binding: KubeObject,
): void {
  const { resource, namespace } = attempt;
  const reference = readRoleReference(binding);
  const plural = reference.kind === "ClusterRole" ? "clusterroles" : reference.kind === "Role" ? "roles" : undefined;
  if (plural !== undefined) {
    const wish = {
      isResource: true,
      verb: "bind",
      group: reference.apiGroup,
      resource: plural,
      subresource: "",
    } as const;
    if (access.authorize(user, { ...wish, namespace, name: reference.name }).allowed) return;
  }
  const rules = rbac.rulesOf(reference, namespace);
  if (typeof rules === "string") {
    if (plural === undefined) throw badRequest(rules);
    // The API looks the role up while it still speaks of bindings.
    throw notFound(resource, reference.name);
  }
  const problem = findEscalation(rbac, user, namespace, rules);
  if (problem !== undefined) throw forbidden(resource, binding.metadata.name, problem);
}

function findEscalation(
  rbac: RbacAuthorizer,
  user: UserInfo,
  namespace: string,
  wanted: readonly PolicyRule[],
): string | undefined {
  const { rules, errors } = rbac.rulesFor(user, namespace);
  const missing = findMissingRules(rules, wanted);
  if (missing.length === 0) return undefined;
  const who = `user ${JSON.stringify(user.name)} (groups=${quoteList(user.groups)})`;
  const more = errors.length === 0 ? "" : `; resolution errors: [${errors.join(", ")}]`;
  const lines = describeRules(missing).join("\n");
  return `${who} is attempting to grant RBAC permissions not currently held:\n${lines}${more}`;
}

function isAggregated(role: KubeObject | undefined): boolean {
  const selectors = readPath(role, "aggregationRule.clusterRoleSelectors");
  return Array.isArray(selectors) && selectors.length > 0;
}

/** Owners and finalizers are the garbage collector's business; whoever writes only those grants nothing. */
function isSameGrant(next: KubeObject, old: KubeObject): boolean {
  const bare = (object: KubeObject): unknown => {
    const { ownerReferences: _o, finalizers: _f, managedFields: _m, selfLink: _s, ...metadata } = object.metadata;
    return JSON.parse(
      JSON.stringify({ ...object, metadata }, (_key, value: unknown) => (isEmpty(value) ? undefined : value)),
    );
  };
  return isDeepStrictEqual(bare(next), bare(old));
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === "") return true;
  return Array.isArray(value) ? value.length === 0 : isJsonRecord(value) && Object.keys(value).length === 0;
}
