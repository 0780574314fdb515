import type { Exchange } from "./exchange.ts";
import { unknownResource } from "./refusals.ts";
import type { ResourceRegistry } from "./resource-registry.ts";
import type { SimResource } from "./sim-resource.ts";

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
const STATUS_VERBS: readonly string[] = ["get", "patch", "update"];
const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** The version this server claims to be. */
const VERSION = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.3-kube-sim",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "2026-08-01T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: "linux/amd64",
} as const;

/**
 * Answers everything that is not about objects: discovery in both forms, version, health.
 *
 * @returns false when the path is not one of these.
 */
export function answerDiscovery(exchange: Exchange, registry: ResourceRegistry, serverAddress: string): boolean {
  const { path } = exchange;
  if (/^\/(livez|readyz|healthz)(\/|$)/.test(path)) {
    exchange.sendText(200, "text/plain; charset=utf-8", "ok");
    return true;
  }
  if (path === "/version") {
    exchange.sendJson(200, VERSION);
    return true;
  }
  const parts = path.split("/").filter((part) => part !== "");
  if (parts[0] !== "api" && parts[0] !== "apis") return false;
  if (parts.length === 1) {
    answerRoot(exchange, registry, parts[0], serverAddress);
    return true;
  }
  const group = parts[0] === "api" ? "" : (parts[1] ?? "");
  const version = parts[0] === "api" ? parts[1] : parts[2];
  if (!registry.hasGroup(group)) return false;
  if (version === undefined) {
    exchange.sendJson(200, { kind: "APIGroup", apiVersion: "v1", ...groupOf(registry, group) });
    return true;
  }
  const resources = [...registry.all()].filter((row) => row.group === group && row.version === version);
  if (resources.length === 0) throw unknownResource();
  exchange.sendJson(200, {
    kind: "APIResourceList",
    ...(group === "" ? {} : { apiVersion: "v1" }),
    groupVersion: group === "" ? version : `${group}/${version}`,
    resources: resources.sort(byPlural).flatMap(resourceRows),
  });
  return true;
}

function answerRoot(exchange: Exchange, registry: ResourceRegistry, root: "api" | "apis", serverAddress: string): void {
  if (wantsAggregated(exchange.request.headers.accept)) {
    const groups = groupNames(registry).filter((group) => (root === "api") === (group === ""));
    const list = {
      kind: "APIGroupDiscoveryList",
      apiVersion: "apidiscovery.k8s.io/v2",
      metadata: {},
      items: groups.map((group) => aggregatedGroup(registry, group)),
    };
    exchange.sendText(200, AGGREGATED, JSON.stringify(list));
    return;
  }
  if (root === "api") {
    exchange.sendJson(200, {
      kind: "APIVersions",
      versions: ["v1"],
      serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress }],
    });
    return;
  }
  const groups = groupNames(registry).filter((group) => group !== "");
  exchange.sendJson(200, {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: groups.map((group) => groupOf(registry, group)),
  });
}

function wantsAggregated(accept: string | undefined): boolean {
  const first = (accept ?? "").split(",")[0] ?? "";
  return /as=APIGroupDiscoveryList/.test(first) && /v=v2(;|$)/.test(first.replace(/\s/g, ""));
}

function groupNames(registry: ResourceRegistry): string[] {
  return [...new Set([...registry.all()].map((row) => row.group))];
}

function versionsOf(registry: ResourceRegistry, group: string): string[] {
  return [...new Set([...registry.all()].filter((row) => row.group === group).map((row) => row.version))];
}

function groupOf(registry: ResourceRegistry, group: string): Record<string, unknown> {
  const versions = versionsOf(registry, group).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

function resourceRows(resource: SimResource): unknown[] {
  const names = {
    ...(resource.shortNames === undefined || resource.shortNames.length === 0
      ? {}
      : { shortNames: resource.shortNames }),
    ...(resource.categories === undefined || resource.categories.length === 0
      ? {}
      : { categories: resource.categories }),
  };
  const row = {
    name: resource.plural,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: resource.isCustom === true ? CUSTOM_VERBS : VERBS,
    ...names,
  };
  if (resource.hasStatus !== true) return [row];
  return [
    row,
    {
      name: `${resource.plural}/status`,
      singularName: "",
      namespaced: resource.namespaced,
      kind: resource.kind,
      verbs: STATUS_VERBS,
    },
  ];
}

function aggregatedGroup(registry: ResourceRegistry, group: string): unknown {
  const rows = [...registry.all()].filter((row) => row.group === group);
  return {
    metadata: group === "" ? {} : { name: group },
    versions: versionsOf(registry, group).map((version) => ({
      version,
      resources: rows
        .filter((row) => row.version === version)
        .sort(byPlural)
        .map(aggregatedResource),
      freshness: "Current",
    })),
  };
}

function aggregatedResource(resource: SimResource): unknown {
  const responseKind = {
    group: resource.isCustom === true ? resource.group : "",
    version: resource.isCustom === true ? resource.version : "",
    kind: resource.kind,
  };
  return {
    resource: resource.plural,
    responseKind,
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singular,
    verbs: resource.isCustom === true ? CUSTOM_VERBS : VERBS,
    ...(resource.shortNames === undefined || resource.shortNames.length === 0
      ? {}
      : { shortNames: resource.shortNames }),
    ...(resource.categories === undefined || resource.categories.length === 0
      ? {}
      : { categories: resource.categories }),
    ...(resource.hasStatus === true
      ? { subresources: [{ subresource: "status", responseKind, verbs: STATUS_VERBS }] }
      : {}),
  };
}

function byPlural(a: SimResource, b: SimResource): number {
  return a.plural < b.plural ? -1 : a.plural > b.plural ? 1 : 0;
}
