import { createHash } from "node:crypto";
import type { Exchange } from "../requests/exchange.ts";
import { unknownResource } from "../refusals/refusals.ts";
import type { ResourceRegistry } from "../resources/resource-registry.ts";
import { answerHealth } from "./answer-health.ts";
import { answerOpenApi } from "./answer-openapi.ts";
import { aggregatedGroup, groupNames, groupOf, legacyRows, rowsOf } from "./resource-lists.ts";

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** The version this server claims to be: what it was compared with. */
const VERSION = {
  major: "1",
  minor: "36",
  emulationMajor: "1",
  emulationMinor: "36",
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "35",
  gitVersion: "v1.36.3",
  gitCommit: "$Format:%H$",
  gitTreeState: "clean",
  buildDate: "2026-08-01T00:00:00Z",
  goVersion: "go1.26.8",
  compiler: "gc",
  platform: "linux/amd64",
} as const;

/**
 * Answers everything that is not about objects: discovery in both forms, version, health, OpenAPI.
 *
 * @returns false when the path is not one of these.
 */
export function answerDiscovery(exchange: Exchange, registry: ResourceRegistry, serverAddress: string): boolean {
  const { path } = exchange;
  if (answerHealth(exchange) || answerOpenApi(exchange, registry)) return true;
  if (path === "/version" || path === "/version/") {
    exchange.sendJson(200, VERSION);
    return true;
  }
  const parts = path.split("/").filter((part) => part !== "");
  const [root, second, third] = parts;
  if (root !== "api" && root !== "apis") return false;
  if (second === undefined) {
    answerRoot(exchange, registry, root, serverAddress);
    return true;
  }
  const group = root === "api" ? "" : second;
  const version = root === "api" ? second : third;
  if (!groupNames(registry).includes(group)) return false;
  if (version === undefined) {
    exchange.sendJson(200, { kind: "APIGroup", apiVersion: "v1", ...groupOf(registry, group) });
    return true;
  }
  const resources = rowsOf(registry, group, version);
  if (resources.length === 0) {
    if (!registry.hasBuiltInGroup(group)) return false;
    throw unknownResource();
  }
  exchange.sendJson(200, {
    kind: "APIResourceList",
    ...(group === "" ? {} : { apiVersion: "v1" }),
    groupVersion: group === "" ? version : `${group}/${version}`,
    resources: resources.flatMap(legacyRows),
  });
  return true;
}

function answerRoot(exchange: Exchange, registry: ResourceRegistry, root: "api" | "apis", serverAddress: string): void {
  if (wantsAggregated(exchange.request.headers.accept)) {
    const groups = groupNames(registry).filter((group) => (root === "api") === (group === ""));
    const items = groups.map((group) => aggregatedGroup(registry, group));
    const list = { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
    sendCacheable(exchange, AGGREGATED, `${JSON.stringify(list)}\n`);
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

/** The first clause that can be had decides; older forms of the aggregated list cannot. */
function wantsAggregated(accept: string | undefined): boolean {
  for (const clause of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = clause.split(";").map((part) => part.trim());
    if (type !== "application/json" && type !== "*/*") continue;
    const form = parameters.find((parameter) => parameter.startsWith("as="));
    if (form === undefined) return false;
    if (form === "as=APIGroupDiscoveryList" && parameters.includes("v=v2")) return true;
  }
  return false;
}

/** Sends a document with its hash for a name, and only that it is still the same to a client that has it. */
function sendCacheable(exchange: Exchange, mediaType: string, text: string): void {
  const etag = `"${createHash("sha512").update(text).digest("hex").toUpperCase()}"`;
  const headers = { etag, "cache-control": "public", vary: "Accept" };
  if (exchange.request.headers["if-none-match"] === etag) exchange.sendText(304, mediaType, "", headers);
  else exchange.sendText(200, mediaType, text, headers);
}
