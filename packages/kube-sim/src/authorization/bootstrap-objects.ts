import type { KubeObjectInput } from "../resources/kube-object.ts";
import { BOOTSTRAP_BINDINGS } from "./bootstrap-bindings.ts";
import { BOOTSTRAP_CONTROLLER_ROLES } from "./bootstrap-controller-roles.ts";
import { BOOTSTRAP_ROLES } from "./bootstrap-roles.ts";

const RBAC_GROUP = "rbac.authorization.k8s.io";
const API_VERSION = `${RBAC_GROUP}/v1`;
const CONTROLLER_PREFIX = "system:controller:";
const AGGREGATE_LABEL = `${RBAC_GROUP}/aggregate-to-`;

/** The roles and bindings that every cluster starts with, in the order in which they are to be stored. */
export function bootstrapObjects(): KubeObjectInput[] {
  const roles = [...parseRoles(BOOTSTRAP_ROLES), ...parseRoles(BOOTSTRAP_CONTROLLER_ROLES)];
  const bindings = lines(BOOTSTRAP_BINDINGS).map(parseBinding);
  for (const { metadata } of roles) {
    const name = metadata.name ?? "";
    if (metadata.namespace !== undefined || !name.startsWith(CONTROLLER_PREFIX)) continue;
    bindings.push(parseBinding(`${name} ${name} account:kube-system/${name.slice(CONTROLLER_PREFIX.length)}`));
  }
  return [...roles, ...bindings];
}

function parseRoles(text: string): KubeObjectInput[] {
  const roles: { head: string; rules: object[] }[] = [];
  for (const line of lines(text)) {
    if (line.startsWith(" ")) roles.at(-1)?.rules.push(parseRule(line.trim()));
    else roles.push({ head: line, rules: [] });
  }
  return roles.map(({ head, rules }) => {
    const [address = "", ...marks] = head.split(" ");
    const mark = (sign: string): string | undefined => marks.find((item) => item.startsWith(sign))?.slice(1);
    const into = mark(">");
    const from = mark("<");
    const selector = from === undefined ? undefined : { matchLabels: { [AGGREGATE_LABEL + from]: "true" } };
    const role: Record<string, unknown> & KubeObjectInput = {
      apiVersion: API_VERSION,
      kind: address.includes("/") ? "Role" : "ClusterRole",
      metadata: metadataOf(address, into === undefined ? {} : { [AGGREGATE_LABEL + into]: "true" }),
      rules: selector === undefined ? rules : null,
    };
    if (selector !== undefined) role["aggregationRule"] = { clusterRoleSelectors: [selector] };
    return role;
  });
}

function parseRule(line: string): object {
  const [verbs = "", groups = "", resources = "", names] = line.split(" ");
  if (groups === "@") return { verbs: verbs.split(","), nonResourceURLs: resources.split(",") };
  return {
    verbs: verbs.split(","),
    apiGroups: groups.split(",").map((group) => (group === "-" ? "" : group)),
    resources: resources.split(","),
    ...(names === undefined ? {} : { resourceNames: names.split(",") }),
  };
}

function parseBinding(line: string): KubeObjectInput {
  const [address = "", role = "", ...subjects] = line.split(" ");
  const isNamespaced = address.includes("/");
  return {
    apiVersion: API_VERSION,
    kind: isNamespaced ? "RoleBinding" : "ClusterRoleBinding",
    metadata: metadataOf(address, {}),
    ...(subjects.length === 0 ? {} : { subjects: subjects.map(parseSubject) }),
    roleRef: { apiGroup: RBAC_GROUP, kind: isNamespaced ? "Role" : "ClusterRole", name: role },
  };
}

function parseSubject(text: string): object {
  const colon = text.indexOf(":");
  const name = text.slice(colon + 1);
  if (text.startsWith("account:")) {
    const [namespace, account] = name.split("/");
    return { kind: "ServiceAccount", name: account, namespace };
  }
  return { kind: text.startsWith("group:") ? "Group" : "User", apiGroup: RBAC_GROUP, name };
}

function metadataOf(address: string, labels: Readonly<Record<string, string>>): KubeObjectInput["metadata"] {
  const slash = address.indexOf("/");
  return {
    name: address.slice(slash + 1),
    ...(slash < 0 ? {} : { namespace: address.slice(0, slash) }),
    labels: { "kubernetes.io/bootstrapping": "rbac-defaults", ...labels },
    annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" },
  };
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
