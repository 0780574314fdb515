import { isJsonRecord, readPath, textOf, type KubeObject } from "../resources/kube-object.ts";
import { matchesLabels } from "../selectors/label-selector.ts";
import { readObjectSelector } from "./object-selector.ts";
import { isAllowedByRule, readRules, type PolicyRule } from "./policy-rule.ts";
import type { RequestAttributes } from "./request-attributes.ts";
import { splitServiceAccount, type UserInfo } from "./user-info.ts";

/** A decision and its reason; a reason of a refusal names what could not be looked up. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** Which role a binding refers to. */
export interface RoleReference {
  readonly apiGroup: string;
  readonly kind: string;
  readonly name: string;
}

/** Where roles and bindings are read from; `plural` without the group. */
export interface RoleSource {
  values(plural: string): Iterable<KubeObject>;
  get(plural: string, namespace: string, name: string): KubeObject | undefined;
}

interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

/**
 * Role-based access control over the stored roles and bindings: what is stored decides the next request.
 *
 * The rules of a role with an `aggregationRule` are those it carries and those of all cluster roles its selectors take, looked up
 * when they are needed: no controller writes them into the role.
 *
 * @see k8s.io/kubernetes v1.36.3 plugin/pkg/auth/authorizer/rbac, pkg/registry/rbac/validation
 */
export class RbacAuthorizer {
  readonly #source: RoleSource;

  constructor(source: RoleSource) {
    this.#source = source;
  }

  /** Linear in the bindings that apply to the user. */
  authorize(user: UserInfo, attributes: RequestAttributes): Decision {
    const errors: string[] = [];
    const namespace = attributes.isResource ? attributes.namespace : "";
    for (const grant of this.#grants(user, namespace, errors)) {
      if (grant.rules.some((rule) => isAllowedByRule(rule, attributes))) {
        return { allowed: true, reason: `RBAC: allowed by ${grant.source}` };
      }
    }
    const distinct = [...new Set(errors)];
    if (distinct.length === 0) return { allowed: false, reason: "" };
    const text = distinct.length === 1 ? distinct[0] : `[${distinct.join(", ")}]`;
    return { allowed: false, reason: `RBAC: ${text}` };
  }

  /** Every rule that applies to a user in a namespace, and what could not be looked up. */
  rulesFor(user: UserInfo, namespace: string): { readonly rules: PolicyRule[]; readonly errors: readonly string[] } {
    const errors: string[] = [];
    const rules = [...this.#grants(user, namespace, errors)].flatMap((grant) => grant.rules);
    return { rules, errors };
  }

  /** The rules of a role; a message when there is no such role. */
  rulesOf(reference: RoleReference, namespace: string): readonly PolicyRule[] | string {
    const { kind, name } = reference;
    if (kind !== "Role" && kind !== "ClusterRole") return `unsupported role reference kind: ${JSON.stringify(kind)}`;
    const isCluster = kind === "ClusterRole";
    const plural = isCluster ? "clusterroles" : "roles";
    const role = this.#source.get(plural, isCluster ? "" : namespace, name);
    if (role === undefined) {
      return `${isCluster ? "clusterrole" : "role"}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`;
    }
    return isCluster ? this.#aggregated(role, new Set()) : readRules(role);
  }

  #aggregated(role: KubeObject, seen: Set<string>): PolicyRule[] {
    if (seen.has(role.metadata.name)) return [];
    seen.add(role.metadata.name);
    const rules = readRules(role);
    const selectors = readPath(role, "aggregationRule.clusterRoleSelectors");
    if (!Array.isArray(selectors) || selectors.length === 0) return rules;
    for (const selector of selectors) {
      const requirements = readObjectSelector(selector);
      for (const other of this.#source.values("clusterroles")) {
        if (matchesLabels(requirements, other.metadata.labels)) rules.push(...this.#aggregated(other, seen));
      }
    }
    return rules;
  }

  *#grants(
    user: UserInfo,
    namespace: string,
    errors: string[],
  ): Generator<{ readonly source: string; readonly rules: readonly PolicyRule[] }> {
    for (const binding of this.#source.values("clusterrolebindings")) {
      const subject = readSubjects(binding).find((candidate) => isSubject(user, candidate, ""));
      if (subject === undefined) continue;
      yield* this.#grant(`ClusterRoleBinding ${JSON.stringify(binding.metadata.name)}`, binding, subject, "", errors);
    }
    if (namespace === "") return;
    for (const binding of this.#source.values("rolebindings")) {
      if (binding.metadata.namespace !== namespace) continue;
      const subject = readSubjects(binding).find((candidate) => isSubject(user, candidate, namespace));
      if (subject === undefined) continue;
      const name = JSON.stringify(`${binding.metadata.name}/${namespace}`);
      yield* this.#grant(`RoleBinding ${name}`, binding, subject, namespace, errors);
    }
  }

  *#grant(
    title: string,
    binding: KubeObject,
    subject: Subject,
    namespace: string,
    errors: string[],
  ): Generator<{ readonly source: string; readonly rules: readonly PolicyRule[] }> {
    const reference = readRoleReference(binding);
    const rules = this.rulesOf(reference, namespace);
    if (typeof rules === "string") {
      errors.push(rules);
      return;
    }
    const role = `${reference.kind} ${JSON.stringify(reference.name)}`;
    yield { source: `${title} of ${role} to ${describeSubject(subject, namespace)}`, rules };
  }
}

/** The role a binding refers to, with the group filled in. */
export function readRoleReference(binding: Readonly<Record<string, unknown>>): RoleReference {
  const reference = isJsonRecord(binding["roleRef"]) ? binding["roleRef"] : {};
  return {
    apiGroup: textOf(reference["apiGroup"]) || "rbac.authorization.k8s.io",
    kind: textOf(reference["kind"]),
    name: textOf(reference["name"]),
  };
}

function readSubjects(binding: KubeObject): Subject[] {
  const subjects = binding["subjects"];
  if (!Array.isArray(subjects)) return [];
  return subjects.filter(isJsonRecord).map((subject) => ({
    kind: textOf(subject["kind"]),
    name: textOf(subject["name"]),
    namespace: textOf(subject["namespace"]),
  }));
}

function isSubject(user: UserInfo, subject: Subject, namespace: string): boolean {
  switch (subject.kind) {
    case "User":
      return user.name === subject.name;
    case "Group":
      return user.groups.includes(subject.name);
    case "ServiceAccount": {
      const account = splitServiceAccount(user.name);
      const own = subject.namespace === "" ? namespace : subject.namespace;
      return own !== "" && account?.namespace === own && account.name === subject.name;
    }
    default:
      return false;
  }
}

function describeSubject(subject: Subject, namespace: string): string {
  if (subject.kind !== "ServiceAccount") return `${subject.kind} ${JSON.stringify(subject.name)}`;
  return `ServiceAccount ${JSON.stringify(`${subject.name}/${subject.namespace === "" ? namespace : subject.namespace}`)}`;
}
