import type { StatusCause } from "../refusals/api-refusal.ts";
import {
  isJsonRecord,
  readPath,
  recordsIn,
  textOf,
  textsIn,
  type JsonRecord,
  type KubeObject,
} from "../resources/kube-object.ts";
import { quoteList } from "./policy-rule.ts";

const RBAC_GROUP = "rbac.authorization.k8s.io";
const ACCOUNT_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** What is wrong with a Role or ClusterRole. */
export function findRoleProblems(role: KubeObject): StatusCause[] {
  const isNamespaced = role.kind === "Role";
  const problems = recordsIn(role["rules"]).flatMap((rule, index) =>
    findRuleProblems(rule, isNamespaced, `rules[${index}]`),
  );
  const aggregation = role["aggregationRule"];
  if (isNamespaced || !isJsonRecord(aggregation)) return problems;
  if (recordsIn(aggregation["clusterRoleSelectors"]).length === 0) {
    const why = "at least one clusterRoleSelector required if aggregationRule is non-nil";
    problems.push(required("aggregationRule.clusterRoleSelectors", why));
  }
  return problems;
}

function findRuleProblems(rule: JsonRecord, isNamespaced: boolean, path: string): StatusCause[] {
  const problems: StatusCause[] = [];
  if (textsIn(rule["verbs"]).length === 0) {
    problems.push(required(`${path}.verbs`, "verbs must contain at least one value"));
  }
  const urls = textsIn(rule["nonResourceURLs"]);
  const groups = textsIn(rule["apiGroups"]);
  const resources = textsIn(rule["resources"]);
  if (urls.length > 0) {
    const field = `${path}.nonResourceURLs`;
    const value = JSON.stringify(urls);
    if (isNamespaced) problems.push(wrong(field, value, "namespaced rules cannot apply to non-resource URLs"));
    if (groups.length > 0 || resources.length > 0 || textsIn(rule["resourceNames"]).length > 0) {
      problems.push(wrong(field, value, "rules cannot apply to both regular resources and non-resource URLs"));
    }
    return problems;
  }
  if (groups.length === 0) {
    problems.push(required(`${path}.apiGroups`, "resource rules must supply at least one api group"));
  }
  if (resources.length === 0) {
    problems.push(required(`${path}.resources`, "resource rules must supply at least one resource"));
  }
  return problems;
}

/** What is wrong with a RoleBinding or ClusterRoleBinding. */
export function findBindingProblems(binding: KubeObject, current: KubeObject | undefined): StatusCause[] {
  const isNamespaced = binding.kind === "RoleBinding";
  const { apiGroup, kind, name } = readReference(binding);
  const kinds = isNamespaced ? ["Role", "ClusterRole"] : ["ClusterRole"];
  const problems: StatusCause[] = [];
  if (apiGroup !== RBAC_GROUP) problems.push(unsupported("roleRef.apiGroup", apiGroup, [RBAC_GROUP]));
  if (!kinds.includes(kind)) problems.push(unsupported("roleRef.kind", kind, kinds));
  if (name === "") problems.push(required("roleRef.name", ""));
  else problems.push(...findSegmentProblems("roleRef.name", name));
  for (const [index, subject] of recordsIn(binding["subjects"]).entries()) {
    problems.push(...findSubjectProblems(subject, isNamespaced, `subjects[${index}]`));
  }
  if (current !== undefined) {
    const old = readReference(current);
    if (old.apiGroup !== apiGroup || old.kind !== kind || old.name !== name) {
      const value = JSON.stringify({ APIGroup: apiGroup, Kind: kind, Name: name });
      problems.push(wrong("roleRef", value, "cannot change roleRef"));
    }
  }
  return problems;
}

function findSubjectProblems(subject: JsonRecord, isNamespaced: boolean, path: string): StatusCause[] {
  const problems: StatusCause[] = [];
  const name = textOf(subject["name"]);
  const group = textOf(subject["apiGroup"]);
  if (name === "") problems.push(required(`${path}.name`, ""));
  switch (subject["kind"]) {
    case "ServiceAccount":
      if (name !== "" && !ACCOUNT_NAME.test(name)) {
        problems.push(wrong(`${path}.name`, JSON.stringify(name), SUBDOMAIN_TEXT));
      }
      if (group !== "") problems.push(unsupported(`${path}.apiGroup`, group, [""]));
      if (!isNamespaced && textOf(subject["namespace"]) === "") problems.push(required(`${path}.namespace`, ""));
      break;
    case "User":
    case "Group":
      if (group !== RBAC_GROUP) problems.push(unsupported(`${path}.apiGroup`, group, [RBAC_GROUP]));
      break;
    default:
      problems.push(unsupported(`${path}.kind`, textOf(subject["kind"]), ["ServiceAccount", "User", "Group"]));
  }
  return problems;
}

const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an " +
  "alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/** A name that stands for itself in a URL. */
function findSegmentProblems(field: string, name: string): StatusCause[] {
  if (name === "." || name === "..") return [wrong(field, JSON.stringify(name), `may not be '${name}'`)];
  return ["/", "%"]
    .filter((sign) => name.includes(sign))
    .map((sign) => wrong(field, JSON.stringify(name), `may not contain '${sign}'`));
}

function readReference(binding: KubeObject): {
  readonly apiGroup: string;
  readonly kind: string;
  readonly name: string;
} {
  const read = (field: string): string => textOf(readPath(binding, `roleRef.${field}`));
  return { apiGroup: read("apiGroup"), kind: read("kind"), name: read("name") };
}

function required(field: string, why: string): StatusCause {
  return { reason: "FieldValueRequired", message: why === "" ? "Required value" : `Required value: ${why}`, field };
}

function wrong(field: string, value: string, why: string): StatusCause {
  return { reason: "FieldValueInvalid", message: `Invalid value: ${value}: ${why}`, field };
}

function unsupported(field: string, value: string, known: readonly string[]): StatusCause {
  const list = quoteList(known).slice(1, -1).replaceAll('" "', '", "');
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
  return { reason: "FieldValueNotSupported", message, field };
}
