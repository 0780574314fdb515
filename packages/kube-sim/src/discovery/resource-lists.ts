import { createHash } from "node:crypto";
import type { ResourceRegistry } from "../resources/resource-registry.ts";
import type { ServedResource, SubresourceHandler } from "../resources/served-resource.ts";

const VERBS: readonly string[] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const CUSTOM_VERBS: readonly string[] = [
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "create",
  "update",
  "watch",
];
const STATUS: SubresourceHandler = { verbs: ["get", "patch", "update"] };

/** What is stored in another form than it is served first in: the hash tells clients about it. */
const STORED_AS: Readonly<Record<string, string>> = {
  "autoscaling/v1/HorizontalPodAutoscaler": "autoscaling/v2/HorizontalPodAutoscaler",
  "events.k8s.io/v1/Event": "/v1/Event",
  "apiextensions.k8s.io/v1/CustomResourceDefinition": "apiextensions.k8s.io/v1beta1/CustomResourceDefinition",
  "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy":
    "admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy",
  "admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding":
    "admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicyBinding",
};

/** Groups in the order of discovery: built-in ones as they stand in the table, then others by name. */
export function groupNames(registry: ResourceRegistry): string[] {
  const builtIn = new Set<string>();
  const custom = new Set<string>();
  for (const { group, isCustom } of registry.all()) (isCustom === true ? custom : builtIn).add(group);
  return [...builtIn, ...[...custom].filter((group) => !builtIn.has(group)).sort()];
}

/** Versions of a group, preferred one first. */
export function versionsOf(registry: ResourceRegistry, group: string): string[] {
  const versions = new Set<string>();
  for (const row of registry.all()) if (row.group === group) versions.add(row.version);
  return [...versions];
}

/** Rows of a group version, by plural. */
export function rowsOf(registry: ResourceRegistry, group: string, version: string): ServedResource[] {
  const rows = [...registry.all()].filter((row) => row.group === group && row.version === version);
  return rows.sort((a, b) => (a.plural < b.plural ? -1 : 1));
}

/** An entry of an `APIGroupList`. */
export function groupOf(registry: ResourceRegistry, group: string): Record<string, unknown> {
  const versions = versionsOf(registry, group).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

/** The rows of an `APIResourceList`: the resource and what lies under it. */
export function legacyRows(resource: ServedResource): unknown[] {
  const verbs = verbsOf(resource);
  const row = {
    name: resource.plural,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs,
    ...namesOf(resource),
    ...(verbs.includes("watch") ? { storageVersionHash: storageHash(resource) } : {}),
  };
  const under = subresourcesOf(resource).map(([name, handler]) => ({
    name: `${resource.plural}/${name}`,
    singularName: "",
    namespaced: resource.namespaced,
    group: handler.group,
    version: handler.group === undefined ? undefined : handler.version,
    kind: handler.kind ?? resource.kind,
    verbs: handler.verbs,
  }));
  return [row, ...under];
}

/** An entry of an `APIGroupDiscoveryList`. */
export function aggregatedGroup(registry: ResourceRegistry, group: string): unknown {
  return {
    metadata: group === "" ? {} : { name: group },
    versions: versionsOf(registry, group).map((version) => ({
      version,
      resources: rowsOf(registry, group, version).map(aggregatedRow),
      freshness: "Current",
    })),
  };
}

function aggregatedRow(resource: ServedResource): unknown {
  const own =
    resource.isCustom === true ? { group: resource.group, version: resource.version } : { group: "", version: "" };
  const under = subresourcesOf(resource).map(([name, handler]) => ({
    subresource: name,
    responseKind: {
      group: handler.group ?? own.group,
      version: handler.version ?? own.version,
      kind: handler.kind ?? resource.kind,
    },
    verbs: handler.verbs,
  }));
  return {
    resource: resource.plural,
    responseKind: { ...own, kind: resource.kind },
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singular,
    verbs: verbsOf(resource),
    ...namesOf(resource),
    ...(under.length === 0 ? {} : { subresources: under }),
  };
}

function verbsOf(resource: ServedResource): readonly string[] {
  return resource.isCustom === true ? CUSTOM_VERBS : (resource.verbs ?? VERBS);
}

function namesOf({ shortNames = [], categories = [] }: ServedResource): Record<string, unknown> {
  return { ...(shortNames.length === 0 ? {} : { shortNames }), ...(categories.length === 0 ? {} : { categories }) };
}

function subresourcesOf(resource: ServedResource): [string, SubresourceHandler][] {
  const under: Record<string, SubresourceHandler> = {
    ...(resource.hasStatus === true ? { status: STATUS } : {}),
    ...resource.subresources,
  };
  // Custom resources name their status first, built-in kinds go by name.
  const entries = Object.entries(under);
  return resource.isCustom === true ? entries : entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

function storageHash({ group, version, kind, isCustom, storage }: ServedResource): string {
  const name = `${group}/${isCustom === true ? (storage?.version ?? version) : version}/${kind}`;
  return createHash("sha256")
    .update(STORED_AS[name] ?? name)
    .digest()
    .subarray(0, 8)
    .toString("base64");
}
