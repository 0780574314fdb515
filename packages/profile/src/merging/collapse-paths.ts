import type { HttpEndpoint, OpenCall } from "../container-profile.ts";
import { hasWildcardSegment, trimmedLength } from "../matching/matches-segments.ts";
import type { CollapseConfiguration } from "./collapse-configuration.ts";
import { CollapseThresholds } from "./collapse-thresholds.ts";
import type { ListPool } from "./list-pool.ts";
import { PathCollapser } from "./path-collapser.ts";

/** Opened files as patterns, flags united, in the order of the paths. @internal */
export function collapseOpens(
  opens: readonly OpenCall[],
  configuration: CollapseConfiguration,
  keepPaths: ReadonlySet<string> | undefined,
  pool: ListPool,
): readonly OpenCall[] {
  const thresholds = new CollapseThresholds(configuration.openDynamicThreshold, configuration.collapseConfigs);
  const collapser = new PathCollapser<OpenCall>(thresholds);
  const kept = new Map<string, OpenCall[]>();
  for (const open of opens) {
    const path = keepPaths === undefined ? undefined : keptPath(open.path, keepPaths);
    if (path === undefined) collapser.add(open.path, open);
    else if (!kept.has(path)) kept.set(path, [open]);
    else kept.get(path)!.push(open);
  }
  const unite = ([path, items]: readonly [string, readonly OpenCall[]]): OpenCall => ({
    path,
    flags: pool.union(items.map((item) => item.flags)),
  });
  // No path is in both: what is kept is literal, and the collapser only makes patterns and what it was given.
  return [...collapser.collapse(), ...kept].map(unite).sort(byText((open) => open.path));
}

/**
 * The one way to write a path that is kept; `undefined` when it is not. The decision must be the same for a path and for what a
 * collapse makes of it (without the slashes at its end), and a pattern is never kept: the files beside it would no longer be taken by
 * it, so that the result would depend on when they came.
 */
function keptPath(path: string, keepPaths: ReadonlySet<string>): string | undefined {
  if (!path.startsWith("/") || hasWildcardSegment(path)) return undefined;
  const written = path.slice(0, Math.max(1, trimmedLength(path)));
  return keepPaths.has(written) ? written : undefined;
}

/** Endpoints as patterns of one port and direction each, methods and headers united. @internal */
export function collapseEndpoints(
  endpoints: readonly HttpEndpoint[],
  configuration: CollapseConfiguration,
  pool: ListPool,
): readonly HttpEndpoint[] {
  const thresholds = new CollapseThresholds(configuration.endpointDynamicThreshold, []);
  const groups = new Map<string, { readonly port: string; readonly paths: PathCollapser<HttpEndpoint> }>();
  for (const endpoint of endpoints) {
    const slash = endpoint.endpoint.startsWith(":") ? endpoint.endpoint.indexOf("/") : -1;
    const port = slash === -1 ? "" : endpoint.endpoint.slice(0, slash);
    const key = JSON.stringify([port, endpoint.internal, endpoint.direction]);
    let group = groups.get(key);
    if (group === undefined) {
      group = { port, paths: new PathCollapser(thresholds) };
      groups.set(key, group);
    }
    // What is no `:port/path` starts with no slash here or has no port, and is left as it is.
    group.paths.add(slash === -1 ? `?${endpoint.endpoint}` : endpoint.endpoint.slice(slash), endpoint);
  }
  const result: (readonly [string, HttpEndpoint])[] = [];
  for (const [key, { port, paths }] of groups) {
    for (const [path, items] of paths.collapse()) {
      const { internal, direction } = items[0]!;
      const endpoint = path.startsWith("?") ? path.slice(1) : port + path;
      const methods = pool.union(items.map((item) => item.methods));
      result.push([
        `${endpoint}\0${key}`,
        { endpoint, methods, internal, direction, headers: uniteHeaders(items, pool) },
      ]);
    }
  }
  return result.sort(byText(([key]) => key)).map(([, endpoint]) => endpoint);
}

function uniteHeaders(endpoints: readonly HttpEndpoint[], pool: ListPool): HttpEndpoint["headers"] {
  const headers = new Map<string, (readonly string[])[]>();
  for (const endpoint of endpoints) {
    for (const [name, values] of Object.entries(endpoint.headers)) {
      const known = headers.get(name);
      if (known === undefined) headers.set(name, [values]);
      else known.push(values);
    }
  }
  const members = [...headers].sort(byText(([name]) => name));
  return Object.fromEntries(members.map(([name, lists]) => [name, pool.union(lists)]));
}

function byText<T>(textOf: (item: T) => string): (left: T, right: T) => number {
  return (left, right) => {
    const leftText = textOf(left);
    const rightText = textOf(right);
    return leftText < rightText ? -1 : leftText === rightText ? 0 : 1;
  };
}
