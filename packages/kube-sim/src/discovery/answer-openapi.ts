import { createHash } from "node:crypto";
import type { Exchange } from "../requests/exchange.ts";
import type { ResourceRegistry } from "../resources/resource-registry.ts";
import { groupNames, rowsOf, versionsOf } from "./resource-lists.ts";
import { answerOpenApiV2 } from "./openapi-v2.ts";
import { openApiDocument } from "./openapi-document.ts";

/** Documents that name no resources. */
const OTHERS: readonly string[] = [".well-known/openid-configuration", "api", "apis", "openid/v1/jwks", "version"];

/** Answers `/openapi/v3` and the documents it names, and `/openapi/v2`. */
export function answerOpenApi(exchange: Exchange, registry: ResourceRegistry): boolean {
  const { path } = exchange;
  if (path === "/openapi/v3" || path === "/openapi/v3/") {
    const paths: Record<string, unknown> = {};
    for (const name of documentNames(registry)) {
      paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hashOf(registry, name)}` };
    }
    exchange.sendText(200, "text/plain; charset=utf-8", JSON.stringify({ paths }));
    return true;
  }
  if (path === "/openapi/v2") {
    answerOpenApiV2(exchange);
    return true;
  }
  if (!path.startsWith("/openapi/v3/")) return false;
  const name = path.slice("/openapi/v3/".length);
  if (!documentNames(registry).includes(name)) return false;
  const [group, version] = groupVersionOf(name);
  const rows = version === undefined ? [] : rowsOf(registry, group, version);
  const headers = { etag: `"${hashOf(registry, name)}"`, "cache-control": "public, immutable", vary: "Accept" };
  exchange.sendText(200, "application/json", JSON.stringify(openApiDocument(rows)), headers);
  return true;
}

function documentNames(registry: ResourceRegistry): string[] {
  const names = [...OTHERS];
  for (const group of groupNames(registry)) {
    const isCustom = [...registry.all()].some((row) => row.group === group && row.isCustom === true);
    if (group !== "" && !isCustom) names.push(`apis/${group}`);
    for (const version of versionsOf(registry, group)) {
      names.push(group === "" ? `api/${version}` : `apis/${group}/${version}`);
    }
  }
  return names.sort();
}

function groupVersionOf(name: string): [group: string, version: string | undefined] {
  const [root, second, third] = name.split("/");
  if (root === "api") return ["", second];
  return root === "apis" ? [second ?? "", third] : ["", undefined];
}

/** Changes when what the document shows does. */
function hashOf(registry: ResourceRegistry, name: string): string {
  const [group, version] = groupVersionOf(name);
  const hash = createHash("sha512").update(name);
  if (version !== undefined) {
    for (const row of rowsOf(registry, group, version)) {
      hash.update(`${row.plural} ${row.kind} ${row.isCustom === true ? JSON.stringify(openApiDocument([row])) : ""}`);
    }
  }
  return hash.digest("hex").toUpperCase();
}
