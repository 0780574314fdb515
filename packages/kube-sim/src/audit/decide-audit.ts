import type { RequestAttributes, ResourceAttributes } from "../authorization/request-attributes.ts";
import type { UserInfo } from "../authorization/user-info.ts";
import type { AuditLevel, AuditPolicy, AuditPolicyRule, AuditStage } from "./audit-policy.ts";

/** What a policy says about one request. */
export interface AuditDecision {
  readonly level: AuditLevel;
  readonly omits: (stage: AuditStage) => boolean;
  readonly omitsManagedFields: boolean;
}

/**
 * Applies a policy to a request.
 *
 * @param user - before impersonation; undefined when nobody could be made out.
 * @see k8s.io/apiserver v0.36.3 pkg/audit/policy
 */
export function decideAudit(
  policy: AuditPolicy,
  attributes: RequestAttributes,
  user: UserInfo | undefined,
): AuditDecision {
  const rule = policy.rules.find((candidate) => matches(candidate, attributes, user));
  return {
    level: rule?.level ?? "None",
    omits: (stage) => policy.omitStages?.includes(stage) === true || rule?.omitStages?.includes(stage) === true,
    omitsManagedFields: rule?.omitManagedFields ?? policy.omitManagedFields ?? false,
  };
}

function matches(rule: AuditPolicyRule, attributes: RequestAttributes, user: UserInfo | undefined): boolean {
  const { users = [], userGroups = [], verbs = [], namespaces = [], resources = [], nonResourceURLs = [] } = rule;
  if (users.length > 0 && (user === undefined || !users.includes(user.name))) return false;
  if (userGroups.length > 0 && user?.groups.some((group) => userGroups.includes(group)) !== true) return false;
  if (verbs.length > 0 && !verbs.includes(attributes.verb)) return false;
  if (namespaces.length > 0 || resources.length > 0) {
    if (!attributes.isResource) return false;
    if (namespaces.length > 0 && !namespaces.includes(attributes.namespace)) return false;
    return resources.length === 0 || resources.some((wanted) => matchesResource(wanted, attributes));
  }
  if (nonResourceURLs.length === 0) return true;
  return !attributes.isResource && nonResourceURLs.some((spec) => matchesPath(spec, attributes.path));
}

function matchesResource(
  { group = "", resources = [], resourceNames = [] }: NonNullable<AuditPolicyRule["resources"]>[number],
  asked: ResourceAttributes,
): boolean {
  if (group !== asked.group) return false;
  if (resources.length === 0) return true;
  if (resourceNames.length > 0 && !resourceNames.includes(asked.name)) return false;
  const { resource, subresource } = asked;
  const whole = subresource === "" ? resource : `${resource}/${subresource}`;
  return resources.some(
    (pattern) =>
      pattern === "*" ||
      pattern === whole ||
      pattern === `${resource}/*` ||
      (subresource !== "" && pattern === `*/${subresource}`),
  );
}

function matchesPath(spec: string, path: string): boolean {
  return spec === "*" || spec === path || (spec.endsWith("*") && path.startsWith(spec.replace(/\*+$/, "")));
}
